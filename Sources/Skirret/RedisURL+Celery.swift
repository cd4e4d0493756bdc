package import CeleryProtocol
package import SkirretRedis

extension RedisURL {
    /// What Celery must be told beside the URL: `broker_transport_options` and `result_backend_transport_options`.
    ///
    /// Empty but for sentinels, whose master and own password are no part of Celery's URL. Shows that password.
    package var celeryTransportOptions: JSONObject {
        guard case .sentinel(let sentinels) = address else { return [:] }
        var logIn: JSONObject = [:]
        if let username = sentinels.username { logIn["username"] = .string(username) }
        if let password = sentinels.password { logIn["password"] = .string(password) }
        var options: JSONObject = ["master_name": .string(sentinels.master)]
        if !logIn.isEmpty { options["sentinel_kwargs"] = .object(logIn) }
        return options
    }
}
