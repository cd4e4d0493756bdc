import CeleryProtocol
import Logging
import Testing

import struct Foundation.Date

@testable import PluginRuntime

@Suite("Child frames")
struct ChildFrameTests {
    @Test(arguments: [
        (
            #"{"type":"result","id":3,"result":{"n":1.0}}"#,
            ChildFrame.result(CallID(rawValue: 3), ["n": .double(1)])
        ),
        (
            #"{"type":"event","id":null,"event":"done","payload":[1],"success":false}"#,
            .event(nil, .event(name: "done", payload: [1], success: false))
        ),
        (
            #"{"type":"update","id":1,"data":{"type":"plugin"}}"#,
            .event(CallID(rawValue: 1), .update(["type": "plugin"]))
        ),
        (
            #"{"type":"progress","id":1,"percent":140,"message":"half"}"#,
            .event(CallID(rawValue: 1), .progress(percent: 100, message: "half"))
        ),
        (
            #"{"type":"log","id":1,"level":"warning","logger":"p","message":"m","time":5}"#,
            .event(
                CallID(rawValue: 1),
                .log(level: .warning, logger: "p", message: "m", time: Date(timeIntervalSince1970: 5)))
        ),
        (#"{"type":"telepathy"}"#, .unknown(type: "telepathy")),
    ])
    func `each type is read`(text: String, frame: ChildFrame) throws {
        #expect(try ChildFrame(parsing: Array(text.utf8)) == frame)
    }

    @Test(arguments: ["[]", "noise", #"{"type":"result"}"#, #"{"type":"event","id":1}"#, ""])
    func `what is not a frame is a fault`(text: String) {
        #expect(throws: FrameFault.self) { try ChildFrame(parsing: Array(text.utf8)) }
    }

    @Test func `an error keeps the exception's parts`() throws {
        let text = #"{"type":"error","id":2,"error":{"type":"KeyError","module":"m","message":"x","args":["x",1]}}"#
        guard case .error(_, let failure) = try ChildFrame(parsing: Array(text.utf8)) else {
            Issue.record("not read as an error")
            return
        }
        #expect(failure.type == "KeyError")
        #expect(failure.args == ["x", 1])
    }

    @Test(arguments: [0, 1, -1])
    func `a process id that a kill must not aim at is not believed`(pid: Int) throws {
        let frame = try ServerFrame(parsing: Array(#"{"type":"spawned","id":1,"pid":\#(pid)}"#.utf8))
        #expect(frame == .unknown(type: "spawned"))
    }

    @Test func `a long log message is cut and says so`() throws {
        let text = cut(String(repeating: "x", count: 10_000))
        #expect(text.hasSuffix("xx … (1808 more bytes)"))
    }
}
