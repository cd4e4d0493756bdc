import CeleryProtocol
import Foundation
import Logging
import Synchronization
import Testing

@testable import Ingest

/// A refresh from a server that speaks Schedules Direct's protocol.
@Suite("Schedules Direct") struct DirectRefreshTests {
    typealias Step = RawServer.Step
    /// 2026-11-22 10:00 UTC.
    static let now = Date(timeIntervalSince1970: 1_795_341_600)

    /// Two lineups that share a station; of three stations two have schedules.
    static let answers: [String: String] = [
        "POST /token": #"{"code":0,"message":"OK","token":"geheim-token","tokenExpires":1795400000}"#,
        "GET /status": #"{"systemStatus":[{"status":"Online"}]}"#,
        "GET /lineups":
            #"{"code":0,"lineups":[{"lineup":"GBR-1-X"},{"lineup":"GBR-2-X"},{"lineup":"GBR-3","isDeleted":true}]}"#,
        "GET /lineups/GBR-1-X":
            #"{"stations":[{"stationID":"1","name":"One","stationLogo":[{"URL":"http://l/w","category":"white"},{"URL":"http://l/d","category":"dark"}]},{"stationID":2}]}"#,
        "GET /lineups/GBR-2-X": #"{"stations":[{"stationID":"1","name":"Again"},{"stationID":"3","name":"Three"}]}"#,
        "POST /schedules/md5":
            #"{"1":{"2026-11-22":{"code":0,"md5":"a","lastModified":"2026-11-21T00:00:00Z"},"2026-11-23":{"code":7020,"message":"not in range"},"2030-01-01":{"code":0,"md5":"z"}},"2":{"2026-11-22":{"md5":"b"}}}"#,
        "POST /schedules":
            #"[{"stationID":"1","programs":[{"programID":"EP1","airDateTime":"2026-11-22T18:00:00Z","duration":1800,"md5":"p1","new":true},{"programID":"MV2","airDateTime":"2026-11-22T18:30:00Z","duration":"3600","md5":"p2","liveTapeDelay":"Live"},{"programID":"bad","airDateTime":"soon","duration":60}],"metadata":{"modified":"2026-11-21T00:00:00Z","md5":"a","startDate":"2026-11-22"}},{"stationID":"2","code":7100,"message":"queued"}]"#,
        "POST /programs":
            #"[{"programID":"EP1","titles":[{"title120":"First"}],"md5":"p1"},{"programID":"MV2","md5":"p2"},{"code":6000,"programID":"gone"}]"#,
    ]

    static func server(_ changes: [String: [Step]] = [:]) -> @Sendable (Int, String) -> [Step] {
        { _, head in
            let words = head.split(separator: " ", maxSplits: 2)
            let route = "\(words[0]) \(words[1])"
            return changes[route] ?? answers[route].map { Step.answer(200, Array($0.utf8)) } ?? Step.answer(404)
        }
    }

    static func source(_ address: String, _ change: (inout DirectSource) -> Void = { _ in }) -> DirectSource {
        var source = DirectSource(
            id: 4, name: "SD", address: String(address.dropLast()), username: " me ", password: "secret")
        change(&source)
        return source
    }

    @Test func `stations, then changed days, then what they show`() async throws {
        try await RawServer.with(answering: Self.server()) { server in
            let desk = Desk(Self.source(server.url()), mapped: ["1", "2"])
            let report = try await desk.refresh(.everything(force: false), now: Self.now)
            #expect((report.stations, report.mapped, report.programmes) == (3, 2, 2))
            #expect(
                desk.now.stations == [
                    GuideChannel(id: "1", name: "One", icon: "http://l/d"), GuideChannel(id: "2", name: "2"),
                    GuideChannel(id: "3", name: "Three"),
                ])
            #expect(
                Set(desk.now.asked) == [
                    DirectDay(station: "1", date: "2026-11-22", digest: "a"),
                    DirectDay(station: "2", date: "2026-11-22", digest: "b"),
                ])
            let airings = desk.now.schedules.flatMap(\.airings)
            #expect(airings.map(\.programme) == ["EP1", "MV2"] && airings.map(\.digest) == ["p1", "p2"])
            #expect(airings.map(\.flags) == [["new": true], ["live": true, "previously_shown": true]])
            #expect(airings.first?.start == Date(timeIntervalSince1970: 1_795_370_400))
            #expect(airings.map { $0.end.timeIntervalSince($0.start) } == [1800, 3600])
            #expect(desk.now.programmes.map(\.title) == ["First", "No Title"])
            let message = "Successfully fetched 2 programs for 2 mapped stations from Schedules Direct."
            #expect(desk.now.reports.last?.0 == .success && desk.now.reports.last?.1 == message)
            #expect(desk.now.events.allSatisfy { $0["type"] == "epg_refresh" && $0["source"] == 4 })
            #expect(desk.now.events.last?["status"] == "success" && desk.now.events.last?["progress"] == 100)

            let token = try #require(server.requests.first)
            #expect(token.hasPrefix("POST /token") && !token.contains("token: "))
            // The password's SHA-1, as the service wants it.
            #expect(token.hasSuffix(#"{"username":"me","password":"e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4"}"#))
            #expect(server.requests.dropFirst().allSatisfy { $0.contains("token: geheim-token") })
            let md5 = try #require(server.requests.first { $0.hasPrefix("POST /schedules/md5") })
            #expect(md5.contains(#"{"stationID":"1","date":["2026-11-22","2026-11-23""#) && md5.contains("2026-12-11"))
            #expect(server.requests.last?.hasSuffix(#"["EP1","MV2"]"#) == true)
        }
    }

    @Test func `what has not changed is not asked for`() async throws {
        try await RawServer.with(answering: Self.server()) { server in
            let desk = Desk(Self.source(server.url()), mapped: ["1"])
            desk.state.withLock { $0.changes = [] }
            let report = try await desk.refresh(.mapped, now: Self.now)
            #expect(report.message == "No schedule changes detected. Guide data is up to date.")
            #expect(!server.requests.contains { $0.hasPrefix("POST /schedules ") || $0.hasPrefix("POST /programs") })
            #expect(desk.now.stations.isEmpty)
        }
    }

    @Test func `stations alone are for mapping, and without mapping there is nothing to read`() async throws {
        try await RawServer.with(answering: Self.server()) { server in
            let desk = Desk(Self.source(server.url()), mapped: [])
            let stations = try await desk.refresh(.stations, now: Self.now)
            #expect(stations.message.hasPrefix("3 stations loaded from Schedules Direct. Run Auto-match EPG"))
            let all = try await desk.refresh(.everything(force: false), now: Self.now)
            #expect(all.message.hasPrefix("3 lineup stations synced. Map channels"))
            #expect(desk.now.reports.last?.0 == .success)
            #expect(!server.requests.contains { $0.hasPrefix("POST /schedules") })
        }
    }

    @Test(
        arguments: [
            (
                "POST /token", 400, #"{"code":4003,"message":"Invalid user."}"#,
                "Schedules Direct: invalid username or password. Not", 4003
            ),
            (
                "POST /token", 200, #"{"code":4009,"response":"TOO_MANY_LOGINS"}"#,
                "Schedules Direct: too many login attempts", 4009
            ),
            ("POST /token", 200, #"{"code":0}"#, "Schedules Direct returned no token.", nil),
            ("GET /lineups", 500, "oops", "Schedules Direct cannot be asked: The server answers with HTTP 500.", nil),
            ("GET /lineups/GBR-2-X", 200, "[", "Schedules Direct's answer to lineups/GBR-2-X is no JSON.", nil),
            (
                "POST /schedules", 200, #"[{"stationID":"1""#,
                "Schedules Direct's answer to schedules is no whole list.", nil
            ),
            ("POST /schedules", 200, "[]", "No schedule data returned from Schedules Direct.", nil),
            (
                "POST /programs", 400, #"{"code":1004,"message":"Token required"}"#,
                "Schedules Direct refuses (code 1004): Token", nil
            ),
        ] as [(String, Int, String, String, Int?)])
    func `what goes wrong is said, and what was there stays`(
        route: String, status: Int, answer: String, message: String, lockout: Int?
    ) async throws {
        try await RawServer.with(answering: Self.server([route: Step.answer(status, Array(answer.utf8))])) { server in
            let desk = Desk(Self.source(server.url()), mapped: ["1"])
            await #expect(throws: RefreshError.self) {
                try await desk.refresh(.everything(force: false), now: Self.now)
            }
            #expect(desk.now.reports.last?.0 == .error)
            #expect(desk.now.reports.last?.1.hasPrefix(message) == true, "\(desk.now.reports.last?.1 ?? "nothing")")
            #expect(desk.now.schedules.isEmpty && desk.now.programmes.isEmpty)
            #expect(desk.now.source.properties["sd_auth_lockout_code"]?.int == lockout)
        }
    }

    @Test func `a refused log-in is not repeated until the account changes or time has passed`() async throws {
        let refused = Self.server(["POST /token": Step.answer(400, Array(#"{"code":4003}"#.utf8))])
        try await RawServer.with(answering: refused) { server in
            let desk = Desk(Self.source(server.url()), mapped: ["1"])
            for _ in 0..<2 {
                await #expect(throws: RefreshError.self) { try await desk.refresh(.stations, now: Self.now) }
            }
            #expect(server.requests.count == 1)
            desk.state.withLock { $0.source.password = "other" }
            await #expect(throws: RefreshError.self) { try await desk.refresh(.stations, now: Self.now) }
            #expect(server.requests.count == 2)
            await #expect(throws: RefreshError.self) {
                try await desk.refresh(.stations, now: Self.now.addingTimeInterval(90_000))
            }
            #expect(server.requests.count == 3)
        }
    }

    @Test(arguments: [
        ("POST /token", #"{"code":3000}"#, "Schedules Direct is offline for maintenance."),
        ("GET /status", #"{"systemStatus":[{"status":"Offline"}]}"#, "Schedules Direct system is currently offline."),
        ("GET /lineups", #"{"code":4102,"message":"no"}"#, "No lineups configured."),
        ("GET /lineups", #"{"lineups":[]}"#, "No lineups configured."),
    ]) func `what is nobody's fault leaves the source idle`(route: String, answer: String, message: String) async throws
    {
        try await RawServer.with(answering: Self.server([route: Step.answer(200, Array(answer.utf8))])) { server in
            let desk = Desk(Self.source(server.url()), mapped: ["1"])
            let report = try await desk.refresh(.everything(force: false), now: Self.now)
            #expect(report.message.hasPrefix(message))
            #expect(desk.now.reports.last?.0 == .idle && desk.now.reports.last?.1 == report.message)
        }
    }

    @Test func `the whole is not asked for again within two hours, unless forced`() async throws {
        try await RawServer.with(answering: Self.server()) { server in
            let source = Self.source(server.url()) {
                ($0.updatedAt, $0.hasSchedules) = (Self.now.addingTimeInterval(-3600), true)
            }
            let desk = Desk(source, mapped: ["1"])
            let first = try await desk.refresh(.everything(force: false), now: Self.now)
            #expect(first.message.contains("Minimum 2-hour interval not reached. Last refreshed 60 minutes ago."))
            #expect(server.requests.isEmpty && desk.now.reports.last?.0 == .idle)
            #expect(try await desk.refresh(.everything(force: true), now: Self.now).programmes == 2)
        }
    }

    @Test func `an account without a password asks nobody`() async throws {
        let desk = Desk(Self.source("http://127.0.0.1:1/") { $0.password = "" }, mapped: [])
        let error = await #expect(throws: RefreshError.self) { try await desk.refresh(.stations, now: Self.now) }
        #expect(error?.message == "Schedules Direct source requires both a username and password.")
    }

    @Test func `a programme's description fills its columns`() throws {
        let json = try JSONValue(
            parsing: #"""
                {"programID":"EP012345670001","titles":[{"title120":"Title"}],"episodeTitle150":"Sub",
                 "descriptions":{"description100":[{"description":"short"}],"description1000":[{"descriptionLanguage":"en","description":"long"}]},
                 "metadata":[{"TVmaze":{"season":9}},{"Gracenote":{"season":2,"episode":"5"}}],
                 "contentRating":[{"body":"USA Parental Rating","code":"TV-14","country":"USA"},{"body":"BBFC","code":"12","country":"GBR"}],
                 "entityType":"Episode","showType":"Series","genres":["Drama"],"originalAirDate":"2020-01-02","duration":1500,
                 "cast":[{"name":"G","role":"Guest Star","characterName":"X","billingOrder":"01"},{"name":"B","role":"Actor","billingOrder":"02"},{"name":"A","role":"Actor","characterName":"Y","billingOrder":"01"},{"role":"Actor"}],
                 "crew":[{"name":"D","role":"Director"},{"name":"W","role":"Screenwriter"},{"name":"E","role":"Executive Producer"},{"name":"Z","role":"Grip"}],
                 "country":["GBR","USA"],"movie":{"year":"1999","qualityRating":[{"ratingsBody":"G","rating":"3","maxRating":"4"}]}}
                """#)
        let object = try #require(json.object)
        let programme = try #require(DirectProgramme(object, country: "GBR"))
        #expect(programme.title == "Title" && programme.subTitle == "Sub" && programme.description == "long")
        let properties = programme.customProperties
        #expect(properties["season"] == 2 && properties["episode"] == 5 && properties["onscreen_episode"] == "S2 E5")
        #expect(properties["rating"] == "12" && properties["rating_system"] == "BBFC")
        #expect(properties["categories"] == ["Episode", "Series", "Drama"] && properties["date"] == "2020-01-02")
        #expect(properties["country"] == "GBR, USA" && properties["length"] == ["value": "25", "units": "minutes"])
        #expect(properties["star_ratings"] == [["value": "3/4", "system": "G"]])
        #expect(
            properties["credits"] == [
                "actor": [
                    ["name": "A", "role": "Y"], ["name": "B"], ["name": "G", "role": "X", "guest": true],
                ], "director": ["D"], "writer": ["W"], "producer": ["E"],
            ])
    }

    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (String(repeating: "a", count: 119), "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"),
    ]) func `SHA-1 is that of the standard`(text: String, digest: String) {
        #expect(SHA1.hexadecimal(Array(text.utf8)) == digest)
    }
}
