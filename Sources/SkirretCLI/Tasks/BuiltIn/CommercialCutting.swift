import Catalog
import CeleryProtocol
import Foundation
import Logging
import Skirret

/// Finding the commercials of a finished recording with comskip, and cutting them out with ffmpeg.
extension DispatcharrTasks {
    var cutCommercials: TaskDefinition<String, Int> {
        let options = TaskOptions(
            singleFlight: .init(
                name: { args, kwargs in "comskip:\((args.first ?? kwargs["recording_id"] ?? .null).text)" },
                answer: { "error: \($0) is at it already" }))
        return TaskDefinition(Self.comskipTask, parameters: ["recording_id"], options: options) {
            (context: TaskContext, id: Int) in
            guard let row = try await catalog.recordings.find(id) else { return "not_found" }
            guard let path = row.properties["file_path"]?.string, FileManager.default.fileExists(atPath: path) else {
                return try await tell(id, "no_file", "Recording \(id) has no file yet.")
            }
            guard row.properties["comskip"]?["status"]?.string != "completed" else { return "already_processed" }
            let settings = try await catalog.settings.values(of: .dvr)
            let programs: (comskip: Program, ffmpeg: Program)
            do {
                programs = (
                    try Program(
                        "comskip", package: "comskip", configured: settings["comskip_custom_path"]?.string),
                    try Program("ffmpeg", package: "ffmpeg")
                )
            } catch let missing as TaskFailure {
                return try await tell(id, "comskip_missing", missing.excMessage.first?.string ?? "\(missing)")
            }
            do {
                let work = FileManager.default.temporaryDirectory.appending(path: "comskip-\(UUID().uuidString)")
                try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
                defer { try? FileManager.default.removeItem(at: work) }  // a temporary folder
                let status = try await cut(path, row, settings, programs, in: work)
                return try await tell(id, status.code, status.message)
            } catch let error as Program.Failure {
                return try await tell(id, "comskip_failed", error.description)
            }
        }
    }

    private func cut(
        _ path: String, _ row: Recording, _ settings: JSONObject, _ programs: (comskip: Program, ffmpeg: Program),
        in work: URL
    ) async throws -> (code: String, message: String) {
        await tell("comskip_status", ["recording_id": .int(row.id), "status": "running"])
        // comskip ends with 1 when there are no commercials.
        try await programs.comskip.run(["--output=\(work.path)", path]) { $0 == 0 || $0 == 1 }
        let edl = work.appending(
            path: ((path as NSString).lastPathComponent as NSString).deletingPathExtension + ".edl")
        guard FileManager.default.fileExists(atPath: edl.path) else {
            return ("no_edl", "comskip wrote no list of breaks.")
        }
        let breaks = CommercialBreaks(edl: try String(contentsOf: edl, encoding: .utf8))
        guard !breaks.breaks.isEmpty else { return ("no_commercials", "There are no commercials in it.") }
        let seconds = row.properties["ended_at"]?.string.flatMap(DjangoTime.date)?.timeIntervalSince(row.start)
        let kept = breaks.kept(of: max(seconds ?? 0, breaks.breaks.last?.upperBound ?? 0) + 3600)
        var pieces = ""
        for (index, range) in kept.enumerated() {
            let piece = work.appending(path: String(format: "%04d.ts", index))
            var arguments = ["-nostdin", "-y", "-loglevel", "error", "-ss", "\(range.lowerBound)", "-i", path]
            // The last one goes to the end of the file, wherever that is.
            if index < kept.count - 1 { arguments += ["-t", "\(range.upperBound - range.lowerBound)"] }
            try await programs.ffmpeg.run(arguments + ["-map", "0", "-c", "copy", "-f", "mpegts", piece.path])
            pieces += "file '\(piece.lastPathComponent)'\n"
        }
        let list = work.appending(path: "pieces.txt")
        try pieces.write(to: list, atomically: true, encoding: .utf8)
        // Beside the recording, so that the last step is one rename on one file system.
        let finished = path + ".cut.mkv"
        try await programs.ffmpeg.run([
            "-nostdin", "-y", "-loglevel", "error", "-f", "concat", "-safe", "0", "-i", list.path, "-map", "0", "-c",
            "copy", "-f", "matroska", finished,
        ])
        guard rename(finished, path) == 0 else {
            throw Program.Failure(description: "\(path) cannot be replaced (\(String(cString: strerror(errno))))")
        }
        return ("ok", "\(breaks.breaks.count) commercial break(s) were cut out.")
    }

    /// Writes down what came of it and tells the browsers; returns the answer.
    private func tell(_ id: Int, _ answer: String, _ message: String) async throws -> String {
        let isDone = ["ok", "no_commercials"].contains(answer)
        let status = isDone ? "completed" : "error"
        try await catalog.recordings.note(
            id, ["comskip": ["status": .string(status), "result": .string(answer), "message": .string(message)]])
        await tell(
            "comskip_status",
            [
                "recording_id": .int(id), "status": .string(isDone ? "completed" : "error"),
                "reason": .string(answer), "message": .string(message),
            ])
        return answer
    }
}
