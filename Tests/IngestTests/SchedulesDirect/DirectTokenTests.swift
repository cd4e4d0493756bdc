import CeleryProtocol
import Foundation
import Synchronization
import Testing

@testable import Ingest

/// The service locks out who logs in too often: a log-in is kept for as long as it is good.
@Suite("Schedules Direct's log-in") struct DirectTokenTests {
    private typealias Direct = DirectRefreshTests

    private func logIns(_ server: RawServer) -> Int { server.requests.count { $0.hasPrefix("POST /token") } }

    @Test func `one log-in serves every refresh of its day`() async throws {
        try await RawServer.with(answering: Direct.server()) { server in
            let desk = Desk(Direct.source(server.url()), mapped: ["1"])
            try await desk.refresh(.stations, now: Direct.now)
            try await desk.refresh(.everything(force: true), now: Direct.now)
            try await desk.refresh(.mapped, now: Direct.now.addingTimeInterval(40_000))
            #expect(logIns(server) == 1)
            #expect(server.requests.dropFirst().allSatisfy { $0.contains("token: geheim-token") })
            // The service says when it ends; an hour before that a new one is asked for.
            #expect(desk.now.token?.expires == Date(timeIntervalSince1970: 1_795_400_000))
            try await desk.refresh(.mapped, now: Direct.now.addingTimeInterval(56_000))
            #expect(logIns(server) == 2)
        }
    }

    @Test func `another password is another log-in`() async throws {
        try await RawServer.with(answering: Direct.server()) { server in
            let desk = Desk(Direct.source(server.url()), mapped: ["1"])
            try await desk.refresh(.stations, now: Direct.now)
            desk.state.withLock { $0.source.password = "other" }
            try await desk.refresh(.stations, now: Direct.now)
            #expect(logIns(server) == 2)
        }
    }

    @Test(arguments: [#"{"code":4006,"message":"Token has expired."}"#, #"{"code":4003}"#])
    func `a log-in that the service has forgotten is made anew, once`(refusal: String) async throws {
        let good = Direct.server()
        try await RawServer.with(answering: { number, head in
            guard head.hasPrefix("GET /status"), head.contains("token: old") else { return good(number, head) }
            return RawServer.Step.answer(403, Array(refusal.utf8))
        }) { server in
            let desk = Desk(Direct.source(server.url()), mapped: ["1"])
            try await desk.refresh(.stations, now: Direct.now)
            desk.state.withLock { $0.token?.text = "old" }
            let report = try await desk.refresh(.mapped, now: Direct.now)
            #expect(report.programmes == 2)
            #expect(logIns(server) == 2 && desk.now.token?.text == "geheim-token")
        }
    }

    @Test func `a service that is away for a while is not asked to log in`() async throws {
        let good = Direct.server()
        try await RawServer.with(answering: { number, head in
            guard head.hasPrefix("GET /status"), head.contains("token: away") else { return good(number, head) }
            return RawServer.Step.answer(503, Array(#"{"code":3000}"#.utf8))
        }) { server in
            let desk = Desk(Direct.source(server.url()), mapped: ["1"])
            try await desk.refresh(.stations, now: Direct.now)
            desk.state.withLock { $0.token?.text = "away" }
            let report = try await desk.refresh(.mapped, now: Direct.now)
            #expect(report.message.hasPrefix("Schedules Direct is offline for maintenance."))
            #expect(logIns(server) == 1 && desk.now.token?.text == "away")
        }
    }
}
