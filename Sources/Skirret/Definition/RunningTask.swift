import CeleryProtocol
import Synchronization

/// The task in whose body the code runs: what is sent from there is its child.
final class RunningTask: Sendable {
    /// The task that runs, in its own body and in everything that body awaits; nil elsewhere.
    @TaskLocal static var current: RunningTask?

    let id: TaskID
    let root: TaskID
    private let sent = Mutex<[ResultNode]>([])

    init(id: TaskID, root: TaskID) {
        self.id = id
        self.root = root
    }

    /// What the body has sent so far, as its result will name it.
    var children: [ResultNode] { sent.withLock { $0 } }

    func note(_ children: [ResultNode]) { sent.withLock { $0 += children } }
}

extension TaskMessage {
    /// Becomes the child of the task that runs, if one does.
    mutating func inherit() {
        guard let parent = RunningTask.current else { return }
        headers.parentID = parent.id
        headers.rootID = parent.root
    }
}
