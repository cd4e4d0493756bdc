/// One plugin's process, from the wish for it to its end.
///
///     spawning ── spawned ──▶ ready ── retire ──▶ draining ── last call settled ─┐
///        │                      │                    │                           ▼
///        └────── end(…) ────────┴────────────────────┴──────────────────▶ ending(cause) ──▶ ended
///
/// Holds no clock, no socket, no process: it decides, ``PluginChild`` acts. A call is *held* until the process exists,
/// then *sent*; it is settled exactly once, by its answer or by the end of the process.
struct ChildState {
    /// Why the process is being ended on purpose.
    enum EndCause: Equatable {
        /// Newer code, or the plugin was stopped; its calls are done.
        case retired
        /// This call ran past its deadline and did not listen.
        case deadline(CallID)
        /// This call's caller gave up and it did not listen.
        case cancelled(CallID)
        /// It sent something that is not a frame.
        case malformed(String)
        /// The fork server died, and its children with it.
        case serverDied
        /// The host stops.
        case hostStopping
    }

    enum Phase: Equatable {
        case spawning
        case ready
        case draining
        case ending(EndCause)
        case ended
    }

    enum Admission: Equatable {
        case hold
        case send
        /// At its limit of calls.
        case busy
        /// Takes no calls any more; ask for another process.
        case gone
    }

    enum Stop: Equatable {
        case nothing
        /// The call was never sent: settle it.
        case settle
        case sendCancel
        case kill
    }

    /// What becomes of a call whose process ended without answering it.
    enum Verdict: Equatable {
        case timedOut
        case cancelled
        case malformed(String)
        case serverDied
        case hostStopping
        /// The process was killed because of another call.
        case killedForAnother
        case crashed
    }

    /// Why a sent call was asked to stop.
    enum StopReason: Equatable {
        case deadline
        case cancelled
    }

    private enum CallPhase: Equatable {
        case held
        case sent
        case stopping(StopReason)
    }

    private(set) var phase = Phase.spawning
    private var calls: [CallID: CallPhase] = [:]
    private let callLimit: Int

    init(callLimit: Int) {
        self.callLimit = callLimit
    }

    var callCount: Int { calls.count }

    /// Whether a new call may come here.
    var isOpen: Bool { phase == .spawning || phase == .ready }

    mutating func admit(_ id: CallID) -> Admission {
        guard isOpen else { return .gone }
        guard calls.count < callLimit else { return .busy }
        calls[id] = phase == .ready ? .sent : .held
        return phase == .ready ? .send : .hold
    }

    /// The process exists: these calls may be sent now, oldest first.
    mutating func spawned() -> [CallID] {
        switch phase {
        case .spawning: phase = .ready
        case .draining: break
        case .ready, .ending, .ended: return []
        }
        let held = calls.filter { $0.value == .held }.keys.sorted { $0.rawValue < $1.rawValue }
        for id in held { calls[id] = .sent }
        return held
    }

    /// The call was answered.
    ///
    /// True: that was the last of a draining process, which ends now.
    mutating func settle(_ id: CallID) -> Bool {
        calls[id] = nil
        return endIfDrained()
    }

    /// Why the call had been asked to stop, if it had.
    func stopReason(of id: CallID) -> StopReason? {
        if case .stopping(let reason) = calls[id] { reason } else { nil }
    }

    /// No more calls; it ends with its last one.
    ///
    /// True: it has none and ends now.
    mutating func retire() -> Bool {
        guard isOpen else { return false }
        phase = .draining
        return endIfDrained()
    }

    /// The call's time is up, or its caller is gone: ask it to stop, softly.
    mutating func askToStop(_ id: CallID, _ reason: StopReason) -> Stop {
        switch calls[id] {
        case .held:
            return .settle
        case .sent:
            calls[id] = .stopping(reason)
            return .sendCancel
        case .stopping, nil:
            return .nothing
        }
    }

    /// The grace is over too: a call that is still there takes its process with it.
    mutating func graceOver(_ id: CallID) -> Stop {
        guard case .stopping(let reason) = calls[id] else { return .nothing }
        return end(reason == .deadline ? .deadline(id) : .cancelled(id)) ? .kill : .nothing
    }

    /// Ends the process for `cause`; false when it is ending already.
    ///
    /// Its calls are settled when it has ended.
    mutating func end(_ cause: EndCause) -> Bool {
        switch phase {
        case .ending, .ended: return false
        case .spawning, .ready, .draining:
            phase = .ending(cause)
            return true
        }
    }

    /// The process is gone.
    ///
    /// The verdict of each call that was not answered, oldest first.
    mutating func ended() -> [(CallID, Verdict)] {
        let cause: EndCause? = if case .ending(let cause) = phase { cause } else { nil }
        phase = .ended
        defer { calls = [:] }
        return calls.keys.sorted { $0.rawValue < $1.rawValue }.map { ($0, Self.verdict(for: $0, cause)) }
    }

    private static func verdict(for id: CallID, _ cause: EndCause?) -> Verdict {
        switch cause {
        case .deadline(id): .timedOut
        case .cancelled(id): .cancelled
        case .deadline, .cancelled, .retired: .killedForAnother
        case .malformed(let reason): .malformed(reason)
        case .serverDied: .serverDied
        case .hostStopping: .hostStopping
        case nil: .crashed
        }
    }

    private mutating func endIfDrained() -> Bool {
        guard phase == .draining, calls.isEmpty else { return false }
        phase = .ending(.retired)
        return true
    }
}
