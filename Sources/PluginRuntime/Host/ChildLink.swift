import NIOCore
import NIOPosix

/// The three channels to one plugin process: its frame socket, and what it prints.
struct ChildLink: Sendable {
    /// Both directions of frames.
    let frames: any Channel
    private let output: [CapturedPipe]
    /// The process's ends: frame socket, stdout, stderr.
    ///
    /// Closed here once the fork server has them.
    private let remote: [Int32]

    /// Opens all three, on the child's loop.
    static func open(_ child: PluginChild, frameLimit: Int) async throws -> ChildLink {
        let sockets = try DescriptorPair.sockets()
        let frames: any Channel
        do {
            frames = try await ClientBootstrap(group: child.loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let receiver = FrameReceiver(limit: frameLimit)
                        receiver.start(frame: child.receive, closed: child.socketEnded)
                        try channel.pipeline.syncOperations.addHandlers(ReadThrottle(), receiver)
                    }
                }
                .withConnectedSocket(sockets.first)
                .get()
        } catch {
            sockets.closeBoth()
            throw error
        }
        var link = ChildLink(frames: frames, output: [], remote: [sockets.second])
        do {
            for stream in [PluginOutputStream.stdout, .stderr] {
                let pipe = try await CapturedPipe.lines(on: child.loop) { kept, cut in
                    child.printed(kept, cut: cut, on: stream)
                }
                link = ChildLink(
                    frames: frames, output: link.output + [pipe], remote: link.remote + [pipe.writeEnd])
            }
            return link
        } catch {
            link.closeRemote()
            link.close()
            throw error
        }
    }

    /// Lets the fork server make a process of it.
    ///
    /// The process's ends are closed here, whatever happens.
    func handOver(
        to server: ForkServerConnection, _ plugin: PluginIdentity, _ options: PluginHostOptions, takesOrders: Bool
    ) throws(PluginError) -> ForkServerConnection.Fork {
        defer { closeRemote() }
        return try server.fork(plugin, options, takesOrders: takesOrders, descriptors: remote)
    }

    /// Waits for the end of the process and of all that it wrote.
    ///
    /// The exit status and the end of the socket come by different ways: either may be first, and either may never
    /// come, when the fork server died or when something the plugin started holds on to the socket.
    func end(_ exit: EventLoopFuture<ProcessExit>) async -> ProcessExit {
        let loop = frames.eventLoop
        let known = loop.makePromise(of: ProcessExit.self)
        exit.cascade(to: known)
        frames.closeFuture.whenComplete { _ in
            loop.scheduleTask(in: .seconds(2)) { known.succeed(.unseen) }
        }
        known.futureResult.whenComplete { _ in
            loop.scheduleTask(in: .milliseconds(500)) { close() }
        }
        // Neither the status nor the end of a channel fails.
        let status = (try? await known.futureResult.get()) ?? .unseen
        for channel in channels { try? await channel.closeFuture.get() }
        return status
    }

    /// Closes what is still open on this side.
    func close() {
        for channel in channels { channel.close(promise: nil) }
    }

    /// Whether the process printed something that was not read yet.
    ///
    /// On the loop only.
    var hasUnreadOutput: Bool { output.contains { $0.hasUnread } }

    private var channels: [any Channel] { [frames] + output.map(\.channel) }

    private func closeRemote() {
        for descriptor in remote { closeDescriptor(descriptor) }
    }
}
