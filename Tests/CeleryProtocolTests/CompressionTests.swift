import CeleryProtocol
import Foundation
import Testing

@Suite("Compression") struct CompressionTests {
    /// `[["x" × 200], {}, {"callbacks": null, …}]` as Python's bz2 and lzma and as libzstd write it.
    static let bodies: [(type: String, library: String, body: String)] = [
        (
            "application/x-bz2", "libbz2.so.1.0",
            "QlpoOTFBWSZTWShKpaQAAA6bhFAEABAACj5tmkoEACAAVDUAaGgGgEoFAxDEMjI4KXqs842Ti6ZpQIZn6LV+31Sw7QOpAYR1sQwCLvOhAD8o"
                + "hqjfi7kinChIFCVS0gA="
        ),
        (
            "application/x-lzma", "liblzma.so.5",
            "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AEWADhdAC3ghPG9qIi7zlTjOozXTDybkD1S14DFwkMY2mtvm+b86IFvanX+8A4XUtI5g2Q5A12M"
                + "8C7ww24AAF6ja7sahw0zAAFUlwIAAAC3rWWdscRn+wIAAAAABFla"
        ),
        (
            "application/zstd", "libzstd.so.1",
            "KLUv/WAXAO0BAOQCW1sieCJdLCB7fSwgeyJjYWxsYmFja3MiOiBudWxsLCAiZXJyY2hhaW5vcmR9XQQAIBsyOY2a3SNSgAg="
        ),
    ]

    private func message(_ type: String, _ body: String) -> [UInt8] {
        let tag = "285146e4-5295-46df-91b7-67e00bdaa7af"
        return """
            {"body": "\(body)", "content-encoding": "utf-8", "content-type": "application/json",
             "headers": {"task": "t", "id": "1", "compression": "\(type)"},
             "properties": {"delivery_tag": "\(tag)", "body_encoding": "base64",
                            "delivery_info": {"exchange": "", "routing_key": "q"}}}
            """.bytes
    }

    @Test func `every compression of Celery's is read where its library is, and refused with the remedy elsewhere`() {
        for (type, library, body) in Self.bodies {
            do throws(WireError) {
                let read = try TaskMessage(decoding: message(type, body))
                #expect(read.body.args == [.string(String(repeating: "x", count: 200))], "\(type)")
            } catch {
                #expect(error.code == .unsupportedCompression && error.hint.contains("Install \(library)"))
                print("skipped: \(library) is not installed")
            }
        }
    }

    @Test func `one that nobody has is refused with the remedy`() {
        let error = #expect(throws: WireError.self) {
            try TaskMessage(decoding: message("application/x-brotli", "AAAA"))
        }
        #expect(error?.code == .unsupportedCompression && error?.path == "headers.compression")
        #expect(error?.hint.contains("in the Celery producer") == true)
    }

    @Test func `what is damaged or inflates too far is refused`() {
        for (type, _, body) in Self.bodies {
            var damaged = Array(Data(base64Encoded: body) ?? Data())
            damaged[damaged.count / 2] ^= 0xff
            damaged[damaged.count / 2 + 1] ^= 0xff
            for bytes in [damaged, Array(damaged.prefix(8))] {
                let error = #expect(throws: WireError.self, "\(type)") {
                    try TaskMessage(decoding: message(type, Data(bytes).base64EncodedString()))
                }
                // Not all of them have a checksum; what is no JSON any more says so.
                let codes: [WireError.Code] = [.corruptBody, .tooLarge, .notJSON, .unsupportedCompression]
                #expect(error.map { codes.contains($0.code) } == true, "\(type)")
            }
            var limits = WireLimits.standard
            limits.json.bytes = 100
            let envelope = try? Envelope(decoding: message(type, body))  // with the usual bounds: it is the body's turn
            let error = #expect(throws: WireError.self, "\(type)") { try envelope?.payload(limits: limits) }
            #expect([.tooLarge, .unsupportedCompression].contains(error?.code), "\(type)")
        }
    }

    @Test func `compressed results are read whatever the compression`() throws {
        let result = #"{"status": "SUCCESS", "result": 5, "traceback": null, "children": [], "task_id": "1"}"#
        // bz2.compress of that text.
        let body =
            "QlpoOTFBWSZTWZWVB7QAACmfgFAEIhAKAAoKvm0eCiAASGiJ6gNNPRBskCptR6NIwAmaBBEAyzirO1kL0xs8qzghkKKJ0wglZX8U"
            + "NbQ7q5ISeQuKtI9g03C4FEDE+H2Wx4LuSKcKEhKyoPaA"
        let bytes =
            [0] + "celery-compressed".bytes + [0] + "application/x-bz2".bytes + [0]
            + Array(Data(base64Encoded: body) ?? Data())
        let plain = try TaskResult(decoding: result.bytes)
        switch Result(catching: { () throws(WireError) in try TaskResult(decoding: bytes) }) {
        case .success(let read): #expect(read == plain)
        case .failure(let error): #expect(error.code == .unsupportedCompression)
        }
    }
}
