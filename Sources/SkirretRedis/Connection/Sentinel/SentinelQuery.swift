import NIOCore
import NIOPosix

/// Asks all sentinels at once who the master is.
///
/// Lives on one event loop; for one question.
final class SentinelQuery {
    private let sentinels: RedisSentinels
    private let dialer: Dialer
    private let eventLoop: any EventLoop
    private let promise: EventLoopPromise<RedisPlace>
    private var vote: SentinelVote
    /// What those said who named no master, for the error.
    private var complaints: [String] = []
    private var refusal: RedisError?
    private var patience: Scheduled<Void>?

    /// How long those who have not answered are waited for once somebody has.
    private static let patienceAfterFirst = TimeAmount.milliseconds(200)
    /// For one sentinel's answer, within an attempt's deadline.
    static let deadline = Duration.milliseconds(800)

    init(_ sentinels: RedisSentinels, dialer: Dialer, eventLoop: any EventLoop) {
        self.sentinels = sentinels
        self.dialer = dialer
        self.eventLoop = eventLoop
        promise = eventLoop.makePromise()
        vote = SentinelVote(electorate: sentinels.places.count)
    }

    /// The place that most of them name.
    ///
    /// Fails with `.noMaster`, with `.authentication` where the sentinels refuse us, or with `.unreachable`.
    func master() -> EventLoopFuture<RedisPlace> {
        for place in sentinels.places {
            Self.ask(place, sentinels, dialer).assumeIsolated().whenComplete { [self] in heard($0, from: place) }
        }
        return promise.futureResult
    }

    /// What one sentinel says; nil when it knows no such master.
    static func ask(
        _ place: RedisPlace, _ sentinels: RedisSentinels, _ dialer: Dialer
    ) -> EventLoopFuture<RedisPlace?> {
        let logIn = sentinels.password.map { password in
            let arguments = (sentinels.username.map { [RedisArgument($0)] } ?? []) + [RedisArgument(password)]
            return RedisCommand("AUTH", arguments: arguments)
        }
        let question = RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", .init(sentinels.master))
        let commands = (logIn.map { [$0] } ?? []) + [question]
        return dialer.ask(place, commands, within: deadline).flatMapThrowing { replies in
            for (command, reply) in zip(commands, replies) {
                if let text = reply.error { throw RedisError(reply: text, to: "\(command.name) at sentinel \(place)") }
            }
            guard let parts = replies.last?.array, parts.count == 2, let host = parts[0].string,
                let port = parts[1].int
            else { return nil }
            return RedisPlace(host: host, port: port)
        }
    }

    private func heard(_ outcome: Result<RedisPlace?, any Error>, from sentinel: RedisPlace) {
        var named: RedisPlace?
        switch outcome {
        case .success(let place?): named = place
        case .success(nil): complaints.append("\(sentinel) knows no such master")
        case .failure(let error):
            let error = error as? RedisError ?? TLSFailure.error(of: error, place: sentinel.description) ?? error
            if let error = error as? RedisError { refusal = error }
            complaints.append("\(sentinel): \(FailureText.of(error))")
        }
        act(on: vote.heard(named))
        if vote.hasVotes, patience == nil {
            patience = eventLoop.assumeIsolated().scheduleTask(in: Self.patienceAfterFirst) { [self] in
                act(on: vote.closed())
            }
        }
    }

    /// Keeps the promise once; later verdicts change nothing.
    private func act(on verdict: SentinelVote.Verdict) {
        switch verdict {
        case .undecided: return
        case .elected(let place): promise.succeed(place)
        case .none: promise.fail(refusal ?? nobody())
        }
        patience?.cancel()
    }

    private func nobody() -> RedisError {
        let isKnown = complaints.contains { !$0.hasSuffix("knows no such master") }
        return RedisError(
            isKnown ? .unreachable : .noMaster,
            "no sentinel names a master \"\(sentinels.master)\" (\(complaints.joined(separator: "; ")))",
            hint: "Do the Redis URL's hosts name the sentinels, and master_name the name in `sentinel monitor`?")
    }
}
