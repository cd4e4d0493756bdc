import Catalog
import CeleryProtocol
import Foundation
import Logging
import Skirret

/// Records one channel with ffmpeg until the recording's end, whatever happens to the stream or to this process.
///
///     sources ── ffmpeg, until it ends or the row says so ──▶ parts ── concat ──▶ one .mkv
///         ▲                        │ ended early
///         └── the next source ◀────┘
///
/// The parts are short MPEG-TS files beside a playlist for each start of ffmpeg; they outlive a crash, and the next
/// run of the task goes on after them. The row is read every two seconds: it may be moved, stopped or deleted.
struct Recorder: Sendable {
    let catalog: CatalogDatabase
    let ffmpeg: Program
    /// `<data>/recordings`.
    let folder: URL
    let logger: Logger

    /// How a recording ended.
    enum End: Sendable {
        case finished(path: String, bytes: Int)
        /// Nothing was received.
        case empty(reason: String)
        /// Somebody deleted it meanwhile.
        case deleted
    }

    /// Records until the row's end, and makes one file of it.
    ///
    /// - Throws: `CancellationError`; the parts stay for the next run.
    func record(_ id: Int) async throws -> End {
        var failures = 0
        var reason = "its time had passed before anything was received"
        while let row = try await catalog.recordings.find(id), row.end > Date(), row.status != "stopped" {
            let sources = try await catalog.recordings.sources(of: row.channelID)
            guard !sources.isEmpty else {
                reason = "the channel has no stream of an active account"
                break
            }
            let began = ContinuousClock.now
            reason = try await receive(sources[failures % sources.count], for: row)
            try Task.checkCancellation()
            // One that lived for a while gets another try at once; a source that refuses does not become a storm.
            failures = began.duration(to: .now) > .seconds(30) ? 0 : failures + 1
            if failures > 0, try await isWanted(id) {
                logger.warning("the stream ended early", metadata: ["recording": "\(id)", "reason": "\(reason)"])
                try await Task.sleep(for: .seconds(min(1 << min(failures, 5), 20)))
            }
        }
        guard let row = try await catalog.recordings.find(id) else {
            try? FileManager.default.removeItem(at: parts(id))  // what is left of a deleted recording harms nobody
            return .deleted
        }
        return try await join(row, orElse: reason)
    }

    /// Makes one file of the parts that are there.
    func join(_ row: Recording, orElse reason: String) async throws -> End {
        let parts = parts(row.id)
        // No folder, no parts.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parts.path)) ?? []
        let pieces = names.filter { $0.hasSuffix(".ts") }.sorted()
        guard !pieces.isEmpty else { return .empty(reason: reason) }
        let list = parts.appending(path: "parts.txt")
        try pieces.map { "file '\($0)'\n" }.joined().write(to: list, atomically: true, encoding: .utf8)
        let target = try await freeTarget(row)
        let unfinished = target.deletingPathExtension().appendingPathExtension("part.mkv")
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try await ffmpeg.run([
            "-nostdin", "-y", "-loglevel", "error", "-f", "concat", "-safe", "0", "-i", list.path, "-map", "0", "-c",
            "copy", "-f", "matroska", unfinished.path,
        ])
        guard rename(unfinished.path, target.path) == 0 else {
            throw Program.Failure(description: "\(target.path) cannot be written (\(String(cString: strerror(errno))))")
        }
        try? FileManager.default.removeItem(at: parts)  // the recording is whole without them
        let size = try FileManager.default.attributesOfItem(atPath: target.path)[.size] as? Int
        return .finished(path: target.path, bytes: size ?? 0)
    }

    // MARK: - One start of ffmpeg

    /// Runs ffmpeg until it ends, or the row wants it to; returns why it ended.
    private func receive(_ source: RecordingSource, for row: Recording) async throws -> String {
        let parts = parts(row.id)
        try FileManager.default.createDirectory(at: parts, withIntermediateDirectories: true)
        try endOrphan(in: parts)
        let number = String(format: "%03d", try nextNumber(in: parts))
        let seconds = max(1, Int(row.end.timeIntervalSinceNow.rounded(.up)))
        var arguments = ["-nostdin", "-y", "-loglevel", "warning"]
        // A stream may be a playlist that names others: none of them on this machine's disk.
        arguments += ["-protocol_whitelist", "http,https,tcp,tls,crypto,httpproxy,rtp,srtp,rtsp,udp,data"]
        if source.url.hasPrefix("http") {
            if let agent = source.userAgent { arguments += ["-user_agent", agent] }
            arguments += ["-reconnect", "1", "-reconnect_streamed", "1", "-reconnect_delay_max", "10"]
            arguments += ["-rw_timeout", "30000000"]
        }
        arguments += [
            "-i", source.url, "-t", "\(seconds)", "-map", "0:v?", "-map", "0:a?", "-map", "0:s?", "-c", "copy",
        ]
        arguments += ["-f", "hls", "-hls_time", "6", "-hls_list_size", "0", "-hls_playlist_type", "event"]
        arguments += ["-hls_segment_filename", parts.appending(path: "part-\(number)-%06d.ts").path]
        arguments += [parts.appending(path: "index-\(number).m3u8").path]
        let running = try ffmpeg.start(arguments)
        try "\(running.pid)".write(to: pidFile(parts), atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: pidFile(parts)) }  // it is looked at before it is believed
        return await withTaskCancellationHandler {
            async let watching: Void = stop(running, when: row.id)
            let exit = await running.exit()
            let failure = await running.failure(exit).description
            // Ends the watching, which waits for nothing else.
            await Task.yield()
            _ = await watching
            return failure
        } onCancel: {
            running.stop()
        }
    }

    /// Asks the program to end as soon as the recording is not wanted any more; returns when it has ended.
    private func stop(_ running: RunningProgram, when id: Int) async {
        while kill(running.pid, 0) == 0 {
            do {
                guard try await isWanted(id) else { return running.stop() }
                try await Task.sleep(for: .seconds(2))
            } catch {
                // Cancelled, which stops the program elsewhere; or a database that cannot be read for a moment.
                if Task.isCancelled { return }
            }
        }
    }

    private func isWanted(_ id: Int) async throws -> Bool {
        guard let row = try await catalog.recordings.find(id) else { return false }
        return row.end > Date() && row.status != "stopped"
    }

    /// A worker that was killed leaves its ffmpeg behind, which would go on beside ours.
    private func endOrphan(in parts: URL) throws {
        guard let text = try? String(contentsOf: pidFile(parts), encoding: .utf8), let pid = Int32(text),  // none there
            let command = try? Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline")),  // gone
            String(decoding: command, as: UTF8.self).contains(parts.path)
        else { return }
        kill(pid, SIGTERM)
    }

    // MARK: - Files

    private func parts(_ id: Int) -> URL { folder.appending(path: ".parts/\(id)") }
    private func pidFile(_ parts: URL) -> URL { parts.appending(path: "ffmpeg.pid") }

    private func nextNumber(in parts: URL) throws -> Int {
        let names = try FileManager.default.contentsOfDirectory(atPath: parts.path)
        let used = names.filter { $0.hasPrefix("part-") || $0.hasPrefix("index-") }.compactMap {
            Int($0.drop { !$0.isNumber }.prefix(3))
        }
        return (used.max() ?? 0) + 1
    }

    /// The path that the settings ask for; another recording's file is never overwritten.
    private func freeTarget(_ row: Recording) async throws -> URL {
        let channel = try await catalog.channels.find(row.channelID)?.name ?? "Channel \(row.channelID)"
        let settings = try await catalog.settings.values(of: .dvr)
        let wanted = folder.appending(path: RecordingPath(row, channel: channel).relative(settings))
        var target = wanted
        var copy = 2
        while FileManager.default.fileExists(atPath: target.path) {
            let stem = wanted.deletingPathExtension().lastPathComponent
            target = wanted.deletingLastPathComponent().appending(path: "\(stem) (\(copy)).mkv")
            copy += 1
        }
        return target
    }
}
