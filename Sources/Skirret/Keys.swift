package import CeleryProtocol

/// Every Redis key this target touches.
///
/// kombu's and Celery's names are theirs, byte for byte (a Python worker reads and writes the same
/// keys); what Celery does not have lives under `skirret:`.
package struct Keys: Sendable {
    /// kombu's `global_keyprefix`: stands before every broker key, verbatim.
    ///
    /// Empty by default.
    package var prefix: String

    /// What stands before the result backend's keys; empty by default.
    package let resultPrefix: String

    package init(prefix: String = "", resultPrefix: String = "") {
        self.prefix = prefix
        // Celery's own rule for its backends; the broker has none.
        let isClosed = resultPrefix.last.map { ":_-.".contains($0) } ?? true
        self.resultPrefix = isClosed ? resultPrefix : resultPrefix + "_"
    }

    // MARK: kombu and Celery

    /// LIST of envelopes, oldest at the right.
    ///
    /// One per priority step.
    package func queue(_ name: QueueName, priority: Int? = nil) -> String { lists.key(name, priority: priority) }
    /// How queues are spread over lists; kombu's defaults.
    package var lists: QueueLists { QueueLists(keyPrefix: prefix) }
    /// HASH token -> JSON `[envelope, exchange, routing key]`.
    package var unacked: String { prefix + "unacked" }
    /// ZSET token, scored by the claim's Unix seconds.
    package var unackedIndex: String { prefix + "unacked_index" }
    /// SET of `routing key ␆␖ pattern ␆␖ queue`.
    package func binding(_ exchange: String) -> String { prefix + "_kombu.binding." + exchange }
    /// SET with the members of ``binding(_:)`` that kombu's sweep must keep.
    package func permanentBinding(_ exchange: String) -> String { prefix + "_kombu.binding_permanent." + exchange }
    /// ZSET exchange, scored by the Unix millisecond after which its table of bindings may be swept.
    package var bindingDeadlines: String { prefix + "_kombu.binding_deadlines" }
    /// STRING with TTL, and a channel of the same name.
    package func result(_ id: TaskID) -> String { resultPrefix + "celery-task-meta-" + id.rawValue }
    /// STRING (a saved group) and, with a suffix, a chord's bookkeeping.
    package func group(_ id: String) -> String { resultPrefix + "celery-taskset-meta-" + id }

    // MARK: ours

    /// ZSET token, scored by the Unix millisecond the lease ends.
    package var leases: String { prefix + "skirret:leases" }
    /// HASH token -> JSON `{worker, queue, tail, task, name, at}`.
    package var owners: String { prefix + "skirret:owners" }
    /// ZSET dead letter id, scored by Unix milliseconds.
    package var dead: String { prefix + "skirret:dead" }
    /// HASH dead letter id -> JSON reason, newline, message.
    package var letters: String { prefix + "skirret:dead:letters" }
    /// ZSET dead letter id of which those who wait were not told, scored by the Unix millisecond at which a sweep tells.
    package var untold: String { prefix + "skirret:dead:untold" }
    /// HASH dead letter id in ``untold`` -> as in ``letters``, which people may discard meanwhile.
    package var untoldLetters: String { prefix + "skirret:dead:untold:letters" }
    /// HASH task id -> how often a worker died under it.
    package var crashes: String { prefix + "skirret:crashes" }
    /// ZSET entry id, scored by the Unix millisecond it is due.
    package var scheduled: String { prefix + "skirret:scheduled" }
    /// HASH entry id -> queue key, newline, message.
    package var scheduledMessages: String { prefix + "skirret:scheduled:messages" }
    /// ZSET task id, scored by the Unix millisecond of the request.
    package var revoked: String { prefix + "skirret:revoked" }
    /// ZSET JSON `[stamp name, value]`, scored by the Unix millisecond of the request.
    package var revokedStamps: String { prefix + "skirret:revoked:stamps" }
    /// ZSET like ``revoked``, for tasks whose running body is to be stopped too.
    package var cancelled: String { prefix + "skirret:cancelled" }
    /// ZSET node name, scored by the Unix millisecond it counts as gone.
    package var workers: String { prefix + "skirret:workers" }
    /// HASH node name -> JSON.
    package var workerDescriptions: String { prefix + "skirret:workers:about" }
    /// ZSET node name, scored by the Unix millisecond until which its process counts as alive.
    package var vouchedWorkers: String { prefix + "skirret:workers:vouched" }
    /// STRING, Unix millisecond of the last sweep.
    package var swept: String { prefix + "skirret:swept" }
    /// STRING with TTL, present while leases may be overdue because Redis stood still.
    package var stalled: String { prefix + "skirret:stalled" }
    /// HASH count: claims that sweeps found without a lease, which never happens; cursor: how far the search is.
    package var repairs: String { prefix + "skirret:repairs" }
    /// STRING with TTL: what a worker may claim in the moment a message comes, see `claim.lua`.
    ///
    /// `waiter` is random text of the worker's own.
    package func armed(_ waiter: String) -> String { prefix + "skirret:armed:" + waiter }
    /// ZSET token that was taken from its worker, scored by Unix milliseconds.
    package var lost: String { prefix + "skirret:lost" }
    /// STRING with TTL, present while a repeat of an enqueue may come.
    package func marker(_ id: String) -> String { prefix + "skirret:sent:" + id }
    /// STRING with TTL, present once a run that was acknowledged early has sent what follows it.
    ///
    /// By the token under which the run was claimed.
    package func settled(_ claim: String) -> String { prefix + "skirret:settled:" + claim }
    /// STRING with TTL: the id of the task that stands for all equal calls.
    package func unique(_ name: String) -> String { prefix + "skirret:unique:" + name }
    /// HASH with TTL: how far a batch is, and what follows it.
    package func batch(_ id: String) -> String { prefix + "skirret:batch:" + id }
    /// SET with TTL: ids of a batch's tasks that are not over.
    package func batchOpen(_ id: String) -> String { prefix + "skirret:batch:" + id + ":open" }
    /// STRING with TTL: token and task id of the claim that runs under a single-flight name.
    package func single(_ name: String) -> String { prefix + "skirret:single:" + name }
    /// LIST of JSON log records of one task, oldest at the left, with TTL.
    package func log(_ id: TaskID) -> String { prefix + "skirret:log:" + id.rawValue }
    /// STRING with TTL: JSON `{percent, message}`.
    package func progress(_ id: TaskID) -> String { prefix + "skirret:progress:" + id.rawValue }
    /// HASH schedule -> JSON definition: the store for those without a database.
    package var schedules: String { prefix + "skirret:schedules" }
    /// SET of the names in ``schedules`` that are switched off.
    package var disabledSchedules: String { prefix + "skirret:schedules:disabled" }
    /// STRING: grows with every change of ``schedules``.
    package var schedulesVersion: String { prefix + "skirret:schedules:version" }
    /// SET of the tasks that a ledger outside Redis has put here and that are not over.
    package var ledger: String { prefix + "skirret:ledger" }
    /// STRING with TTL: the process that compares the ledger with Redis.
    package var ledgerKeeper: String { prefix + "skirret:ledger:keeper" }
    /// STRING: there unless Redis was emptied since the ledger was last compared with it.
    package var ledgerMark: String { prefix + "skirret:ledger:mark" }
    /// What the beats of one store share.
    package func beat(_ scope: String) -> BeatKeys {
        BeatKeys(base: prefix + "skirret:beat:" + (scope.isEmpty ? "" : scope + ":"))
    }
    /// Channel on which beats hear of changed schedules and of a leader that left.
    package var beatBell: String { prefix + "skirret:beat:bell" }
    /// SET of the queues that a worker takes from or a producer of ours sent to.
    package var queues: String { prefix + "skirret:queues" }
    /// HASH list that nothing is taken from -> Unix millisecond since when.
    package var paused: String { prefix + "skirret:paused" }
    /// HASH task id -> JSON `{why, …}`, newline, message: what waits for something other than a free slot.
    package var waiting: String { prefix + "skirret:waiting" }
    /// ZSET of queue, newline, task name (JSON strings), newline, time, newline, task id, of tasks nobody here knew.
    package var waitingNames: String { prefix + "skirret:waiting:names" }
    /// ZSET task id, scored by the Unix millisecond at which somebody must be told, or the message is dead.
    package var waitingOverdue: String { prefix + "skirret:waiting:overdue" }
    /// ZSET task id of one nobody here knew, scored by the Unix millisecond at which Celery's workers may be offered it.
    package var waitingOffers: String { prefix + "skirret:waiting:offers" }
    /// ZSET task id, scored by the Unix millisecond until which somebody tells those who wait for it that nobody knows it.
    package var waitingTelling: String { prefix + "skirret:waiting:telling" }
    /// STRING with TTL: how often a message was offered to Celery's workers.
    package func offered(_ id: String) -> String { prefix + "skirret:offered:" + id }
    /// STRING with TTL: the node that asks Celery's workers for all of us.
    package var spokesman: String { prefix + "skirret:spokesman" }
    /// ZSET limit that somebody waits for, scored by the Unix millisecond to look at it again.
    package var waitingLimits: String { prefix + "skirret:waiting:limits" }
    /// ZSET token or `~` task id: who has a place in a limit.
    ///
    /// With `:waiting` behind it the LIST of task ids in line, with `:next` a rate's STRING.
    package func limit(_ name: String) -> String { prefix + "skirret:limit:" + name }
    /// HASH list -> how many of its messages wait to be dealt into it, see `deal.lua`.
    package var fair: String { prefix + "skirret:fair" }
    /// LIST of the fair keys of a list that have messages, whose turn it is at the left.
    package func fairRing(_ list: String) -> String { prefix + "skirret:fair:ring:" + list }
    /// HASH fair key -> messages a turn, where that is not one.
    package func fairWeights(_ list: String) -> String { prefix + "skirret:fair:weights:" + list }
    /// STRING: what is left of a turn that was cut short.
    package func fairCredit(_ list: String) -> String { prefix + "skirret:fair:credit:" + list }
    /// What stands before a fair key in the name of the LIST of its messages.
    package func fairHands(_ list: String) -> String { prefix + "skirret:fair:hand:" + list + ":" }
    /// HASH node name -> JSON array of the tasks it knows, at most a thousand.
    package var workerTasks: String { prefix + "skirret:workers:tasks" }
    /// Channel on which waiting workers hear of new and newly scheduled messages.
    package var wake: String { prefix + "skirret:wake" }
    /// Channel on which workers that do not block on a list hear of messages in it.
    package func wake(_ list: String) -> String { prefix + "skirret:wake:" + list }
}

/// What the beats of one store share.
package struct BeatKeys: Sendable {
    fileprivate let base: String

    /// STRING with TTL: the beat that leads.
    package var leader: String { base + "leader" }
    /// STRING: grows with every change of leader.
    package var term: String { base + "term" }
    /// STRING: Unix millisecond of a leader's last look at the schedules.
    package var looked: String { base + "looked" }
    /// HASH schedule -> "since rule": the Unix millisecond at which the rule was first seen, and the rule.
    package var since: String { base + "since" }
    /// HASH schedule -> "due at count task": its newest firing, times in Unix milliseconds.
    package var runs: String { base + "runs" }
    /// STRING with TTL: a schedule fired for a due time.
    package func fired(_ schedule: String, due: Int) -> String { base + "fired:\(schedule)@\(due)" }
}
