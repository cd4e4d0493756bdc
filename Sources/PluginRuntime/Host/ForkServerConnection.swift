import CSpawn
import CeleryProtocol
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// One life of the fork server: its process, its control socket, and what was forked through it.
final class ForkServerConnection: Sendable {
    /// A fork that was asked for.
    struct Fork: Sendable {
        /// The child's process id.
        let pid: EventLoopFuture<Int32>
        /// How the child ended, told once it was reaped; `.unseen` when the server went first.
        let exit: EventLoopFuture<ProcessExit>
    }

    private struct Pending {
        let pid: EventLoopPromise<Int32>
        let exit: EventLoopPromise<ProcessExit>

        func fail(_ reason: String = "it ended") {
            pid.fail(
                PluginError(
                    .unavailable, message: "The Python host could not start a process: \(reason).",
                    hint: "Send the call again; it is being started anew."))
            exit.succeed(.unseen)
        }
    }

    private struct State {
        var lastID = 0
        var forks: [Int: Pending] = [:]
        var children: [Int32: EventLoopPromise<ProcessExit>] = [:]
        var isClosed = false
    }

    /// A fork of a warm Django takes milliseconds; a server that needs longer than this is stuck.
    private static let forkDeadline = TimeAmount.seconds(10)
    /// After its socket was closed the server ends its children and itself.
    private static let shutdownGrace = TimeAmount.seconds(2)

    let process: ChildProcess
    private let control: any Channel
    /// Our own copy of the control socket: descriptors travel with `sendmsg`, which the channel does not have.
    private let socket: OwnedDescriptor
    private let state = Mutex(State())
    private let logger: Logger

    var pid: Int32 { process.pid }

    private init(process: ChildProcess, control: any Channel, socket: OwnedDescriptor, logger: Logger) {
        self.process = process
        self.control = control
        self.socket = socket
        self.logger = logger
    }

    /// Starts the server and waits until it has imported everything.
    static func start(
        _ environment: PythonEnvironment, on loop: any EventLoop, readyWithin deadline: TimeAmount,
        lines: RecentLinesBox, logger: Logger
    ) async throws(PluginError) -> ForkServerConnection {
        let ready = loop.makePromise(of: Void.self)
        let connection: ForkServerConnection
        do {
            connection = try await open(environment, on: loop, ready: ready, lines: lines, logger: logger)
        } catch {
            ready.succeed()
            throw error as? PluginError
                ?? PluginError(
                    .unavailable, message: "The Python host cannot be started: \(error).",
                    hint: "Are descriptors and processes left? See ulimit -a.")
        }
        let process = connection.process
        let overdue = loop.scheduleTask(in: deadline) { process.kill() }
        process.exit.whenComplete { _ in ready.fail(ChannelError.eof) }
        defer { overdue.cancel() }
        do {
            try await withTaskCancellationHandler {
                try await ready.futureResult.get()
            } onCancel: {
                process.kill()
            }
            return connection
        } catch {
            _ = await connection.ended()
            throw PluginError(
                .unavailable,
                message: "The Python host did not come up: \(lines.text.last ?? "it said nothing").",
                hint: "Run `skirret doctor`; deploy/up installs what Python needs.", details: lines.text)
        }
    }

    private static func open(
        _ environment: PythonEnvironment, on loop: any EventLoop, ready: EventLoopPromise<Void>, lines: RecentLinesBox,
        logger: Logger
    ) async throws -> ForkServerConnection {
        let sockets = try DescriptorPair.sockets()
        defer { closeDescriptor(sockets.second) }
        let copy = try OwnedDescriptor(copying: sockets.first)
        let receiver = NIOLoopBoundBox.makeBoxSendingValue(FrameReceiver(limit: 1 << 20), eventLoop: loop)
        let control = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(receiver.value) }
            }
            .withConnectedSocket(sockets.first)
            .get()
        let out = try await CapturedPipe.lines(on: loop) { kept, cut in
            lines.append(kept)
            logger.info("python host", metadata: ["line": "\(outputText(kept, cut: cut))"])
        }
        defer { closeDescriptor(out.writeEnd) }
        let process = try await NIOThreadPool.singleton.runIfActive {
            try environment.start(
                module: "skirret_host.server", descriptors: [-1, out.writeEnd, out.writeEnd, sockets.second], on: loop)
        }
        let connection = ForkServerConnection(process: process, control: control, socket: copy, logger: logger)
        try await loop.submit {
            receiver.value.start(
                frame: { [weak connection] (bytes) throws(FrameFault) in try connection?.receive(bytes, ready: ready) },
                // Nothing on this socket can be trusted any more, and without it the server is of no use.
                closed: { _ in process.kill() })
        }.get()
        process.exit.whenComplete { [weak connection] _ in connection?.close() }
        return connection
    }

    // MARK: forking

    /// Asks for a child with these descriptors as its frame socket, stdout and stderr.
    func fork(
        _ plugin: PluginIdentity, _ options: PluginHostOptions, takesOrders: Bool, descriptors: [Int32]
    ) throws(PluginError) -> Fork {
        let loop = control.eventLoop
        let pending = Pending(pid: loop.makePromise(), exit: loop.makePromise())
        let id = state.withLock { state -> Int? in
            guard !state.isClosed else { return nil }
            state.lastID += 1
            state.forks[state.lastID] = pending
            return state.lastID
        }
        let overdue = loop.scheduleTask(in: Self.forkDeadline) { [process] in process.kill() }
        pending.pid.futureResult.whenComplete { _ in overdue.cancel() }
        if let id, !send(spawnFrame(id, plugin, options, takesOrders), descriptors) { fail(id) }
        if id == nil { pending.fail() }
        return Fork(pid: pending.pid.futureResult, exit: pending.exit.futureResult)
    }

    private func spawnFrame(
        _ id: Int, _ plugin: PluginIdentity, _ options: PluginHostOptions, _ takesOrders: Bool
    ) -> [UInt8] {
        let limits = options.limits
        var frame: JSONObject = [
            "type": "spawn", "id": .int(id), "plugin": .string(plugin.key), "path": .string(plugin.path),
            "limits": [
                "memory_bytes": .int(limits.memoryBytes), "processes": .int(limits.processes),
                "files": .int(limits.openFiles), "file_bytes": .int(limits.fileBytes),
            ],
        ]
        if takesOrders { frame["takes_orders"] = true }
        if let profile = options.sandbox.profile(of: plugin.key) { frame["sandbox"] = .object(profile) }
        return Array(FrameBuffer.frame(frame.encoded()).readableBytesView)
    }

    private func send(_ frame: [UInt8], _ descriptors: [Int32]) -> Bool {
        // The server reads at once or is stuck; a second is already long.
        cspawn_send_descriptors(socket.number, frame, frame.count, descriptors, Int32(descriptors.count), 1000) == 0
    }

    private func fail(_ id: Int) {
        state.withLock { $0.forks.removeValue(forKey: id) }?.fail()
    }

    // MARK: what the server says

    private func receive(_ bytes: [UInt8], ready: EventLoopPromise<Void>) throws(FrameFault) {
        switch try ServerFrame(parsing: bytes) {
        case .ready:
            ready.succeed()
        case .spawned(let id, let pid):
            state.withLock { state in
                guard let pending = state.forks.removeValue(forKey: id) else { return }
                state.children[pid] = pending.exit
                pending.pid.succeed(pid)
            }
        case .refused(let id, let failure):
            state.withLock { $0.forks.removeValue(forKey: id) }?.fail(failure.message)
        case .exited(let pid, let exit):
            state.withLock { $0.children.removeValue(forKey: pid) }?.succeed(exit)
        case .unknown(let type):
            logger.warning("frame of the python host ignored", metadata: ["type": "\(type)"])
        }
    }

    // MARK: its end

    /// Completes when the process is gone and nothing of this life is pending.
    func ended() async -> ProcessExit {
        // The future comes from a reaped process and never fails.
        let exit = (try? await process.exit.get()) ?? .unseen
        close()
        return exit
    }

    /// Asks it to end with all its children; kills it when it does not.
    func shutDown() {
        let process = process
        control.close(promise: nil)
        _ = cspawn_shutdown(socket.number)
        let overdue = control.eventLoop.scheduleTask(in: Self.shutdownGrace) { process.kill() }
        process.exit.whenComplete { _ in overdue.cancel() }
    }

    private func close() {
        let (forks, children) = state.withLock { state in
            defer { (state.isClosed, state.forks, state.children) = (true, [:], [:]) }
            return (state.forks.values, state.children.values)
        }
        for pending in forks { pending.fail() }
        // The children die with the server.
        for exit in children { exit.succeed(.unseen) }
        control.close(promise: nil)
    }
}
