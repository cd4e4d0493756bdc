import CeleryProtocol
import Logging
import SkirretRedis
import Synchronization

/// Sees to it that messages whose tasks only Celery's own workers know get there, though ours took them.
///
/// A worker of ours that does not know a task puts its message aside, where Celery's workers do not look. One of ours
/// asks the fleet, by Celery's remote control, who takes from such a queue and knows such a task, and gives what they
/// serve back to the queues. Asks, and commands Redis, only while something of the kind waits.
///
/// Workers that run without remote control are not found.
final class Offerer: Sendable {
    private let queue: TaskQueue
    private let node: String
    private let logger: Logger
    private let bell = Doorbell()
    /// What waits and is not known here: queue and task name as JSON strings, a newline between.
    private let strangers = Mutex<Set<String>>([])
    /// From one round to the next at the least, so that a flood of unknown tasks is no flood of rounds.
    private static let shortestPause = Duration.milliseconds(250)
    /// How long an answer of the fleet is believed, and the longest pause between two questions.
    private static let belief = Duration.seconds(30)
    /// How many messages a round may offer.
    private static let windows = 1...256

    init(queue: TaskQueue, node: String, logger: Logger) {
        self.queue = queue
        self.node = node
        self.logger = logger
    }

    /// Says what waits and is not known here.
    func look(for places: Set<String>) {
        strangers.withLock { $0 = places }
        if !places.isEmpty { bell.ring() }
    }

    /// What this worker remembers from round to round.
    private struct Memory {
        var served: Set<String> = []
        var asked: Set<String> = []
        var nextQuestion = ContinuousClock.now
        var questions = 0
        var offered: [RedisArgument] = []
        var window = 16

        /// A question without success makes the next one later; a new name makes it earlier.
        mutating func note(_ served: Set<String>, of asked: Set<String>) {
            self.served = served
            self.asked = asked
            questions = served.isEmpty ? questions + 1 : 0
            let pause = served.isEmpty ? min(.seconds(1 << min(questions, 5)), Offerer.belief) : Offerer.belief
            nextQuestion = .now + pause * Double.random(in: 0.8...1)
        }

        /// More when all of them were taken, fewer when half of them came back.
        mutating func note(back: Int) {
            guard !offered.isEmpty else { return }
            if back == 0 { window = min(window * 2, Offerer.windows.upperBound) }
            if back * 2 >= offered.count { window = max(window / 2, Offerer.windows.lowerBound) }
        }
    }

    /// Offers until cancelled.
    ///
    /// - Throws: `CancellationError` at the end.
    func run() async throws {
        var memory = Memory()
        while true {
            var pause: Duration? = .seconds(3600)
            let places = strangers.withLock { $0 }
            do {
                if !places.isEmpty { pause = try await round(places, &memory) }
            } catch {
                if Task.isCancelled { throw CancellationError() }
                logger.debug("unknown tasks wait for the broker", metadata: ["error": "\(error)"])
                pause = nil
            }
            try await ContinuousClock().sleep(for: Self.shortestPause)
            try await bell.wait(atMost: pause ?? .seconds(1))
        }
    }

    /// One question if it is time, and one offer; gives the pause to the next round.
    private func round(_ places: Set<String>, _ memory: inout Memory) async throws -> Duration {
        guard try await isSpokesman() else { return .seconds(5) }
        if ContinuousClock.now >= memory.nextQuestion || !places.isSubset(of: memory.asked) {
            memory.note(try await served(places), of: places)
        }
        guard !memory.served.isEmpty else { return ContinuousClock.now.duration(to: memory.nextQuestion) }
        let keys = queue.keys
        let reply = try await queue.redis.run(
            Scripts.offer,
            keys: [
                keys.waiting, keys.waitingNames, keys.waitingOverdue, keys.waitingOffers, keys.paused,
                keys.waitingTelling,
            ],
            arguments: [.init(memory.window), .init(keys.offered("")), .init(memory.served.count)]
                + memory.served.map { .init($0) } + memory.offered)
        guard let parts = reply.array, parts.count == 3 else { return .seconds(1) }
        memory.note(back: parts[0].int ?? 0)
        memory.offered = (parts[1].array ?? []).compactMap(\.string).map { .init($0) }
        let next = parts[2].int.flatMap { $0 < 0 ? nil : Duration.milliseconds($0) } ?? .seconds(3600)
        return min(
            next, ContinuousClock.now.duration(to: memory.nextQuestion), memory.offered.isEmpty ? next : .seconds(1))
    }

    /// One of ours speaks for all: a fleet that asked itself by each member would hear of nothing else.
    private func isSpokesman() async throws -> Bool {
        let key = RedisArgument(queue.keys.spokesman)
        let milliseconds = 10_000
        if try await queue.redis.send("SET", key, .init(node), "NX", "PX", .init(milliseconds)).string != nil {
            return true
        }
        guard try await queue.redis.send("GET", key).string == node else { return false }
        _ = try await queue.redis.send("PEXPIRE", key, .init(milliseconds))
        return true
    }

    /// Which of these places a worker of Celery's serves: takes from the queue, and knows the task.
    private func served(_ places: Set<String>) async throws -> Set<String> {
        let ours = Set(
            try await queue.redis.send("ZRANGE", .init(queue.keys.workers), 0, -1).array?.compactMap(\.string) ?? [])
        let wanted = places.compactMap(Place.init)
        var queues: [String: Set<String>] = [:]
        for reply in try await queue.ask("active_queues") where !ours.contains(reply.node) {
            let names = Set(reply.value.array?.compactMap { $0["name"]?.string } ?? [])
            if wanted.contains(where: { names.contains($0.queue) }) { queues[reply.node] = names }
        }
        guard !queues.isEmpty else { return [] }
        var served: Set<String> = []
        for reply in try await queue.ask("registered", of: .nodes(queues.keys.sorted())) {
            // `name`, or `name [rate_limit=10/m]`.
            let tasks = Set(
                reply.value.array?.compactMap { $0.string?.split(separator: " ").first.map(String.init) } ?? [])
            for place in wanted where tasks.contains(place.task) && queues[reply.node]?.contains(place.queue) == true {
                served.insert(place.text)
            }
        }
        if !served.isEmpty {
            logger.info(
                "messages go back to their queues for Celery's workers that know their tasks",
                metadata: ["workers": "\(queues.keys.sorted().joined(separator: ", "))"])
        }
        return served
    }
}

/// A queue and a task's name, as the waiting room writes them: JSON strings, a newline between.
struct Place {
    let text: String
    let queue: String
    let task: String

    /// Nil for another's text: both are JSON strings by construction.
    init?(_ text: String) {
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard parts.count == 2, let queue = try? JSONValue(parsing: String(parts[0])).string,  // nothing we know
            let task = try? JSONValue(parsing: String(parts[1])).string  // nothing we know
        else { return nil }
        self.text = text
        self.queue = queue
        self.task = task
    }
}
