import Logging
import SkirretRedis

extension RedisError {
    /// The connection has told of an outage already, once for all loops; each of them again would be a storm.
    var quietLevel: Logger.Level { isPassing ? .debug : .warning }
}
