import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A file that came with a form, on disk.
struct UploadedFile: Sendable, Equatable {
    let field: String
    let path: String
    let name: String
    let contentType: String
    let size: Int

    /// As the plugin's host expects it.
    var json: JSONValue {
        ["path": .string(path), "name": .string(name), "content_type": .string(contentType), "size": .int(size)]
    }
}

/// A form's fields in memory, its files in a folder of their own below `uploads/`.
struct MultipartForm: Sendable {
    struct Limits: Sendable {
        /// Bytes of one file.
        var fileBytes: Int
        /// Bytes of all plain fields together.
        var fieldBytes = 1024 * 1024
    }

    private(set) var fields: [String: String] = [:]
    private(set) var files: [UploadedFile] = []
    /// Holds the files.
    ///
    /// Whoever takes the form sees to its end, with ``discard()``.
    let folder: URL

    private init(folder: URL) { self.folder = folder }

    /// Reads a request's body to its end, files straight to disk.
    ///
    /// - Throws: 400, 413 or 431; what had been written is gone again.
    static func read(
        _ request: APIRequest, uploads: URL, limits: Limits
    ) async throws -> MultipartForm {
        let type = HeaderParameters(request.headers[.contentType] ?? "")
        guard type.value == "multipart/form-data", let boundary = type["boundary"] else {
            throw MultipartParser.malformed("its content type names no boundary")
        }
        var form = MultipartForm(folder: uploads.appending(path: UUID().uuidString.lowercased()))
        do {
            try await form.read(request.request.body, boundary: boundary, limits: limits)
            return form
        } catch {
            form.discard()
            throw error
        }
    }

    /// Removes the files.
    func discard() {
        // try?: already gone is as good, and a left-over is swept with the other old uploads.
        try? FileManager.default.removeItem(at: folder)
    }

    private mutating func read(_ body: RequestBody, boundary: String, limits: Limits) async throws {
        var parser = try MultipartParser(boundary: boundary)
        var part: PartWriter?
        do {
            for try await slice in body {
                for event in try parser.feed(slice) {
                    switch event {
                    case .part(let headers): part = try await begin(headers)
                    case .data(let bytes): try await part?.write(bytes, limits: limits, fieldBytes: fieldBytes)
                    case .endOfPart:
                        try await end(part)
                        part = nil
                    }
                }
            }
            try parser.finish()
        } catch {
            try? await part?.file?.close()  // The first error is the one to report.
            throw error
        }
    }

    private var fieldBytes: Int { fields.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count } }

    private func begin(_ headers: MultipartHeaders) async throws -> PartWriter {
        guard headers.fileName != nil else { return PartWriter(headers: headers, file: nil) }
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // Our own name on disk: the sender's is for people to read.
        let path = folder.appending(path: "\(files.count)").path
        return PartWriter(headers: headers, file: try await UploadFile(creating: path))
    }

    private mutating func end(_ part: PartWriter?) async throws {
        guard let part else { return }
        guard let file = part.file else {
            guard let text = String(validating: part.bytes.readableBytesView, as: UTF8.self) else {
                throw MultipartParser.malformed("field '\(part.headers.name.prefix(80))' is not UTF-8")
            }
            fields[part.headers.name] = text
            return
        }
        try await file.close()
        files.append(
            UploadedFile(
                field: part.headers.name, path: file.path, name: part.headers.fileName ?? "file",
                contentType: part.headers.contentType ?? "application/octet-stream", size: part.written))
    }
}

/// One part while it comes in.
private struct PartWriter {
    let headers: MultipartHeaders
    let file: UploadFile?
    var bytes = ByteBuffer()
    var written = 0

    init(headers: MultipartHeaders, file: UploadFile?) {
        self.headers = headers
        self.file = file
    }

    mutating func write(_ slice: ByteBuffer, limits: MultipartForm.Limits, fieldBytes: Int) async throws {
        written += slice.readableBytes
        guard let file else {
            guard fieldBytes + written <= limits.fieldBytes else { throw APIError.tooLarge(limit: limits.fieldBytes) }
            bytes.writeImmutableBuffer(slice)
            return
        }
        guard written <= limits.fileBytes else {
            throw APIError(
                .contentTooLarge, code: "file_too_large", "A file is larger than \(limits.fileBytes) bytes.")
        }
        try await file.append(slice)
    }
}
