import CeleryProtocol
import Foundation
import Logging

/// Messages that go back to their queues or are given up, and who is told of it.
extension Executor {
    func restore(_ run: Run, why: Settler.Restoration, detail: String) async throws {
        logger.warning("a task goes back to its queue", metadata: run.metadata.merging(["reason": "\(detail)"]) { $1 })
        guard let token = run.token else { return }
        for letter in try await settler.restore([token], why: why, detail: detail) { try await tell(letter) }
    }

    /// A message that cannot be read: dead, with its bytes and the reason; whoever waits for it learns so.
    func refuse(_ claim: Claim, because error: WireError) async {
        logger.error("a message cannot be read and went to the dead letters", metadata: ["reason": "\(error)"])
        do {
            for letter in try await settler.restore([claim.token], why: .refused, detail: error.description) {
                try await tell(letter)
            }
        } catch {
            logger.error("could not settle a message; its lease will bring it back", metadata: ["error": "\(error)"])
        }
    }

    /// Tells everybody who waits for a dead message that it failed: its result, its chain, its chord.
    ///
    /// Once, however many try: who has told takes the letter off the list in the same step.
    func tell(_ letter: Settler.DeadLetter) async throws {
        let claim = Claim(token: letter.id, list: letter.list, message: letter.message, claimedAt: Date())
        guard let message = try? TaskMessage(decoding: letter.message) else {  // nothing but its id was read, if that
            let result = TaskResult.failure(letter.task, letter.failure, at: Date())
            let known = !letter.task.rawValue.isEmpty
            let settlement = Settlement(
                own: result, results: known ? [.init(key: queue.keys.result(letter.task), result: result)] : [])
            _ = try await settler.ofLetters.write(
                settlement, of: letter.task, token: letter.id, claim: letter.id, single: nil)
            return
        }
        let run = Run(claim: claim, message: message)
        let ignores = message.headers.ignoreResult ?? registry[message.headers.task]?.options.ignoresResult ?? false
        let written = try await settler.ofLetters.settle(
            settling(of: run, ignoresResult: ignores), .failed(letter.failure), token: letter.id, single: nil)
        if written != nil { events.ended(run.delivery, .failed(letter.failure), after: .zero) }
    }

    /// Tells of letters whose finder died before, or never learned of them.
    ///
    /// One that cannot be told of does not keep the others from it, and is tried again later.
    func tellOfOldLetters() async throws {
        for letter in try await settler.untoldLetters() {
            logger.warning(
                "nobody had told of a dead message", metadata: ["task_id": "\(letter.task)", "letter": "\(letter.id)"])
            do { try await tell(letter) } catch {
                logger.error(
                    "could not tell of a dead message; trying again later",
                    metadata: ["letter": "\(letter.id)", "error": "\(error)"])
            }
        }
    }
}
