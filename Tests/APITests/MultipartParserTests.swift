import NIOCore
import Testing

@testable import API

@Suite("Multipart parser") struct MultipartParserTests {
    private static let form = """
        preamble that nobody reads\r
        --b0und\r
        Content-Disposition: form-data; name="action"\r
        \r
        do_work\r
        --b0und\r
        Content-Disposition: form-data; name="file"; filename="C:\\music\\list \\"1\\".m3u"\r
        Content-Type: audio/x-mpegurl\r
        \r
        #EXTM3U\r
        --b0un\r
        --b0undary is not it: \r\r\n-\r\n--\r
        --b0und\r
        Content-Disposition: form-data; name="empty"\r
        \r
        \r
        --b0und--\r
        epilogue
        """

    private struct Part: Equatable {
        var headers: MultipartHeaders
        var data = ""
        var isComplete = false
    }

    private func parse(_ slices: [ByteBuffer], boundary: String = "b0und") throws -> [Part] {
        var parser = try MultipartParser(boundary: boundary)
        var parts: [Part] = []
        for slice in slices {
            for event in try parser.feed(slice) {
                switch event {
                case .part(let headers): parts.append(Part(headers: headers))
                case .data(let bytes): parts[parts.count - 1].data += String(buffer: bytes)
                case .endOfPart: parts[parts.count - 1].isComplete = true
                }
            }
        }
        try parser.finish()
        return parts
    }

    private let expected = [
        Part(headers: MultipartHeaders(name: "action"), data: "do_work", isComplete: true),
        Part(
            headers: MultipartHeaders(name: "file", fileName: "list \"1\".m3u", contentType: "audio/x-mpegurl"),
            data: "#EXTM3U\r\n--b0un\r\n", isComplete: true),
    ]

    @Test func `a form comes apart the same wherever the network cuts it`() throws {
        // A boundary that is the beginning of a longer line ends the part all the same, as RFC 2046 has it; the
        // line is then malformed. So the reference is what one slice gives.
        let form = Self.form.replacing("--b0undary is not it: ", with: "-- b0und ")
        let bytes = ByteBuffer(string: form)
        let whole = try parse([bytes])
        #expect(whole.map(\.headers.name) == ["action", "file", "empty"])
        #expect(whole[0] == expected[0])
        #expect(whole[1].headers == expected[1].headers)
        #expect(whole[1].data == "#EXTM3U\r\n--b0un\r\n-- b0und \r\r\n-\r\n--")
        #expect(whole[2].data.isEmpty && whole[2].isComplete)
        for cut in 0...bytes.readableBytes {
            let slices = [
                try #require(bytes.getSlice(at: 0, length: cut)), ByteBuffer(bytes.readableBytesView[cut...]),
            ]
            #expect(try parse(slices) == whole, "cut at \(cut)")
        }
        for size in [1, 2, 3, 7] {
            let view = Array(bytes.readableBytesView)
            let slices = stride(from: 0, to: view.count, by: size).map {
                ByteBuffer(bytes: view[$0..<min($0 + size, view.count)])
            }
            #expect(try parse(slices) == whole, "slices of \(size)")
        }
    }

    @Test func `any bytes survive, in any slices`() throws {
        var random = SplitMix(seed: 7)
        for round in 0..<200 {
            // Mostly the bytes that boundaries are made of, so that near misses are common.
            let data = (0..<Int(random.next() % 400)).map { _ in "\r\n-b0und x".utf8.randomElement(using: &random) ?? 0
            }
            let text = String(decoding: data, as: UTF8.self)
            guard !("\r\n" + text).contains("\r\n--b0und") else { continue }
            var form = ByteBuffer(
                string: "--b0und\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\n")
            form.writeBytes(data)
            form.writeString("\r\n--b0und--\r\n")
            var slices: [ByteBuffer] = []
            while let slice = form.readSlice(length: min(form.readableBytes, Int(random.next() % 40) + 1)),
                slice.readableBytes > 0
            {
                slices.append(slice)
            }
            let parts = try parse(slices)
            #expect(parts.map(\.data) == [text], "round \(round)")
        }
    }

    @Test(arguments: [
        "", "no boundary at all", "--b0und\r\n", "--b0und\r\n\r\ndata\r\n--b0und--",
        "--b0und\r\nContent-Disposition: form-data\r\n\r\n\r\n--b0und--",
        "--b0und\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n\r\n--b0und--",
        "--b0und\r\nno colon\r\n\r\n\r\n--b0und--",
        "--b0und\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nnever ends",
        "--b0und\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\n\r\n--b0und--",
        "--b0undX\r\n",
    ])
    func `what is no form is refused, in one piece or byte by byte`(form: String) throws {
        let bytes = form.utf8.map { ByteBuffer(bytes: [$0]) }
        #expect(throws: APIError.self) { try parse([ByteBuffer(string: form)]) }
        #expect(throws: APIError.self) { try parse(bytes) }
    }

    @Test func `headers without end are refused before they fill the memory`() throws {
        var parser = try MultipartParser(boundary: "b")
        _ = try parser.feed(ByteBuffer(string: "--b\r\nContent-Disposition: form-data; name=\""))
        #expect(throws: APIError.self) {
            for _ in 0..<1_000 { _ = try parser.feed(ByteBuffer(repeating: UInt8(ascii: "n"), count: 1024)) }
        }
    }

    @Test func `parts without number are refused`() throws {
        var parser = try MultipartParser(boundary: "b", limits: .init(parts: 10))
        let part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
        #expect(throws: APIError.self) {
            for _ in 0..<11 { _ = try parser.feed(ByteBuffer(string: part)) }
        }
    }

    @Test(arguments: [
        ("../../etc/passwd", "passwd"), ("C:\\Users\\me\\list.m3u", "list.m3u"), ("..", "file"), ("", "file"),
        ("a\u{0}b\r\nc", "abc"), ("list.m3u", "list.m3u"), ("dir/", "dir"),
    ])
    func `a file's name is its last part and nothing more`(given: String, name: String) {
        #expect(MultipartHeaders.baseName(given) == name)
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
