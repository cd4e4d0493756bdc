import SkirretRedis
import Synchronization

/// A claim that Redis makes for an idle worker in the moment a message comes.
///
/// A worker that hears of a message and then claims it needs two round trips, and each wakes two processes. So the claim
/// is sent behind the blocking wait, on the same connection: Redis runs it when the wait ends, and the answers to both
/// come together.
///
/// What that call may take lies in Redis and not in the call. Each usual claim that leaves slots free arms it: it stores
/// the seed of one more claim, which the armed call uses up. The worker's next usual claim disarms it and finds what was
/// claimed meanwhile, in one step. That is why
/// * no slot is promised twice, as a usual claim counts the free slots and disarms at once;
/// * a stop, a pause or a cancelled queue leaves nothing behind: a usual claim of no messages is enough;
/// * a claim whose answer was lost with its connection is found soon, without waiting for its lease to end;
/// * a call that a dead worker's connection left in Redis takes nothing: the seed lapses within seconds. One that this
///   worker left there on a connection that it lost is of an older ``generation``.
///
/// What it brings begins at once while the claim loop rests, see ``accept(_:version:register:)``; else the loop weighs
/// it with all the rest.
final class ArmedClaim: Sendable {
    private struct State {
        var generation = 0
        /// The seeds of claims that may be armed, or made without this worker knowing of them.
        var seeds: [String] = []
        /// What armed calls brought and nobody has taken yet.
        var answers: [RedisValue] = []
        /// Which queues the claim loop served when it went to rest, by their version; nil while it is at work.
        var resting: Int?
    }

    private let state = Mutex(State())

    /// Whether Redis may claim, or may have claimed, without being asked again.
    var isPossible: Bool { state.withLock { !$0.seeds.isEmpty } }

    /// Armed calls of an earlier one take nothing.
    var generation: Int { state.withLock { $0.generation } }

    /// From now on calls that were sent before take nothing: they serve other queues, or nobody hears their answers.
    func outdate() { state.withLock { $0.generation += 1 } }

    /// The script's arguments for a usual claim: disarms what is armed, and arms anew if fewer than `free` slots are taken.
    func arguments(seed: String, free: Int) -> [RedisArgument] {
        state.withLock { state in
            let own = Self.armed(seed)
            // A connection that sends the call again may find that the claim it armed is made.
            if free > 0, !state.seeds.contains(own) { state.seeds.append(own) }
            return [.init(free), .init(state.generation), .init(state.seeds.joined(separator: " "))]
        }
    }

    /// A usual claim was answered: all that was armed before is settled.
    func answered(seed: String, isArmed: Bool) {
        state.withLock { $0.seeds = isArmed ? [Self.armed(seed)] : [] }
    }

    /// The claim loop rests until ``wake()``, with the queues of this version.
    func rest(with version: Int) { state.withLock { $0.resting = version } }

    /// The claim loop is at work: it weighs what comes together with what it asks for.
    func wake() { state.withLock { $0.resting = nil } }

    /// Takes a claim for known, by its token, without the claim loop; only while that rests.
    ///
    /// - Parameters:
    ///   - token: The claim's.
    ///   - version: Which queues there are now.
    ///   - register: Gives the claim its slot, before the claim loop can count the free ones; false when there is none.
    /// - Returns: False when the claim is left to the loop.
    func accept(_ token: String, version: Int, register: () -> Bool) -> Bool {
        state.withLock { state in
            guard state.resting == version, let index = Self.index(of: token, in: state), register() else {
                return false
            }
            state.seeds.remove(at: index)
            return true
        }
    }

    /// The answer of an armed call has come.
    func came(_ answer: RedisValue) { state.withLock { $0.answers.append(answer) } }

    /// Hands over what armed calls brought.
    func takeAnswers() -> [RedisValue] {
        state.withLock { state in
            defer { state.answers = [] }
            return state.answers
        }
    }

    /// Takes a claim for known, by its token; false when a usual claim has found it already.
    func accept(_ token: String) -> Bool {
        state.withLock { state in
            guard let index = Self.index(of: token, in: state) else { return false }
            state.seeds.remove(at: index)
            return true
        }
    }

    private static func index(of token: String, in state: borrowing State) -> Int? {
        state.seeds.firstIndex { token == $0 + "-0" }
    }

    /// As the claim script makes it.
    private static func armed(_ seed: String) -> String { seed + "a" }
}
