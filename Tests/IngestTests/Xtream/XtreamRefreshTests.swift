import CeleryProtocol
import Foundation
import Logging
import Testing

@testable import Ingest

@Suite("Xtream Codes refresh") struct XtreamRefreshTests {
    private typealias Step = RawServer.Step

    private static let user =
        #"{"user_info":{"auth":1,"username":"u","password":"p","status":"Active","exp_date":"1900000000"},"server_info":{"url":"x"}}"#
    private static let categories =
        #"[{"category_id":"7","category_name":"News","parent_id":0},{"category_id":8,"category_name":" Sport "}]"#
    private static let streams =
        #"""
        [{"num":1,"name":"One","stream_type":"live","stream_id":11,"stream_icon":"http://i/1.png","epg_channel_id":"one.tv",
          "added":"1600000000","is_adult":"0","category_id":"7","tv_archive":1,"tv_archive_duration":"7","direct_source":""},
         {"num":"2","name":"Two [\"{x}\"]","stream_id":"12","stream_icon":null,"epg_channel_id":null,"is_adult":"1",
          "category_id":null,"category_ids":[8],"tv_archive":"0","tv_archive_duration":0},
         {"num":null,"name":null,"stream_id":13,"category_id":"999"},
         {"name":"No id","category_id":"7"}, "nonsense"]
        """#

    private static func server(
        user: String = user, categories: String = categories, streams: String = streams, streamSteps: [Step]? = nil
    ) -> @Sendable (Int, String) -> [Step] {
        { _, head in
            let line = head.prefix { $0 != "\r" }
            if line.contains("action=get_live_streams") {
                return streamSteps ?? Step.answer(200, Array(streams.utf8))
            }
            if line.contains("action=get_live_categories") { return Step.answer(200, Array(categories.utf8)) }
            return Step.answer(200, Array(user.utf8))
        }
    }

    private static func store(_ server: String?, username: String? = "us er", password: String? = "p&w") -> MemoryStore
    {
        var account = PlaylistAccount(id: 7, name: "XC", source: nil)
        account.xtream = XtreamFields(server: server, username: username, password: password)
        return MemoryStore(account: account)
    }

    private static func run(_ store: MemoryStore) async throws -> PlaylistRefresh.Report {
        try await PlaylistRefresh(store: store, logger: Logger(label: "test")).run(account: 7, progress: store.progress)
    }

    @Test(arguments: ["", "/", "/player_api.php", "/get.php?username=x&password=y"])
    func `live streams arrive with their columns, whatever spelling the server has`(path: String) async throws {
        try await RawServer.with(answering: Self.server()) { server in
            let base = "http://127.0.0.1:\(server.port)"
            let store = Self.store(base + path)
            let report = try await Self.run(store)
            #expect(report.processed == 3 && report.problems.counts == [.missingField: 2])
            let byNumber = Dictionary(
                uniqueKeysWithValues: store.now.streams.values.compactMap { entry in entry.streamID.map { ($0, entry) }
                })
            let one = try #require(byNumber[11])
            #expect(one.name == "One" && one.url == "\(base)/live/us%20er/p%26w/11.ts" && one.group == "News")
            #expect(one.tvgID == "one.tv" && one.logo == "http://i/1.png" && one.channelNumber == 1)
            #expect(one.isCatchup && one.catchupDays == 7 && !one.isAdult)
            #expect(
                one.customProperties == [
                    "stream_type": "live", "added": "1600000000", "category_id": "7", "direct_source": "",
                ])
            let two = try #require(byNumber[12])
            #expect(two.name == "Two [\"{x}\"]" && two.group == "Sport" && two.channelNumber == 2 && two.isAdult)
            #expect(two.logo == nil && two.tvgID == nil && !two.isCatchup)
            let three = try #require(byNumber[13])
            #expect(three.name == "Stream 13" && three.group == "Default Group" && three.channelNumber == nil)
            #expect(store.now.groupProperties["Sport"] == ["xc_id": "8"])
            #expect(store.now.groups == ["News", "Sport", "Default Group"])
            #expect(store.last?.status == .success)
            #expect(server.requests.count == 3)
            #expect(server.requests.allSatisfy { $0.contains("username=us%20er&password=p%26w") })
        }
    }

    @Test func `the account's facts are kept, without the password`() async throws {
        try await RawServer.with(answering: Self.server()) { server in
            let store = Self.store(server.url())
            _ = try await Self.run(store)
            let info = try #require(store.now.info)
            #expect(info.user["status"] == "Active" && info.user["password"] == nil && info.server["url"] == "x")
            #expect(info.expires == Date(timeIntervalSince1970: 1_900_000_000))
        }
    }

    @Test func `the number stands for the URL in the hash, together with the account`() throws {
        let login = try XtreamLogin(XtreamFields(server: "http://h", username: "u", password: "p"))
        let entry = try #require(XtreamStream.entry(["stream_id": 11, "name": "A"], login, groups: [:]))
        let texts = ["url", "name,url", "url,m3u_id", "name"].map {
            String(decoding: StreamIdentity(setting: $0).text(of: entry, account: 7), as: UTF8.self)
        }
        #expect(
            texts == [
                #"{"m3u_id": 7, "url": 11}"#, #"{"m3u_id": 7, "name": "A", "url": 11}"#, #"{"m3u_id": 7, "url": 11}"#,
                #"{"name": "A"}"#,
            ])
    }

    @Test(arguments: [
        (#"{"user_info":{"auth":0}}"#, "Failed to authenticate with XC server: wrong username or password"),
        (#"{"user_info":{"auth":"0","message":"Expired"}}"#, "Failed to authenticate with XC server: Expired"),
        (#"[]"#, "Unexpected response from XC server: []"), ("<html>", "Unexpected response from XC server: <html>"),
    ])
    func `a server that does not let the user in changes nothing`(user: String, message: String) async throws {
        try await RawServer.with(answering: Self.server(user: user)) { server in
            try await Self.expectFailure(Self.store(server.url()), message)
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: [
        ("[]", "No streams returned from Xtream Codes provider"),
        ("{}", "No streams returned from Xtream Codes provider"),
        ("null", "Unexpected response from XC server: null"), ("", "Unexpected response from XC server: "),
        (#"[{"stream_id":1},{"stream_id":2"#, "Failed to get streams from XC server: the answer ends"),
    ])
    func `a list that is none changes nothing`(streams: String, message: String) async throws {
        try await RawServer.with(answering: Self.server(streams: streams)) { server in
            try await Self.expectFailure(Self.store(server.url()), message)
        }
    }

    @Test func `a list that PHP wrote as an object is a list`() async throws {
        let odd = Self.server(
            categories: #"{"1":{"category_id":"7","category_name":"News"}}"#,
            streams: #"{"0":{"stream_id":1,"name":"A","category_id":"7"},"5":{"stream_id":2,"name":"B:,"}}"#)
        try await RawServer.with(answering: odd) { server in
            let store = Self.store(server.url())
            let report = try await Self.run(store)
            #expect(report.processed == 2)
            #expect(Set(store.now.streams.values.map(\.name)) == ["A", "B:,"])
        }
    }

    @Test func `errors of the server are explained without the password`() async throws {
        try await RawServer.with(answering: Self.server(streamSteps: Step.answer(502, Array("bad".utf8)))) { server in
            try await Self.expectFailure(
                Self.store(server.url()), "Failed to get streams from XC server: The server answers with HTTP 502.")
        }
        try await RawServer.with(["*": Step.answer(403)]) { server in
            let store = Self.store(server.url(), password: "geheim")
            try await Self.expectFailure(
                store, "Failed to authenticate with XC server: The server answers with HTTP 403.")
            #expect(store.last?.message.contains("geheim") == false)
        }
    }

    @Test func `what is missing is named`() async throws {
        let noServer = "Missing server URL for Xtream Codes account"
        let noUser = "Missing username or password for Xtream Codes account"
        try await Self.expectFailure(Self.store(nil), noServer)
        try await Self.expectFailure(Self.store(" / "), noServer)
        try await Self.expectFailure(Self.store("http://h", username: ""), noUser)
        try await Self.expectFailure(Self.store("http://h", password: nil), noUser)
    }

    @Test func `a list is cut into its elements at every cut of its bytes`() throws {
        let text = Array(#" [ {"a":[1,{"b":"]}\",\\"}]} ,2, "x,y" ,[] ] "#.utf8)
        for size in 1...text.count {
            var splitter = JSONArraySplitter()
            var found: [String] = []
            for piece in text.pieces(of: size) {
                try Array(piece).withUnsafeBytes { bytes in
                    try splitter.split(bytes) { found.append(String(decoding: $0, as: UTF8.self).trimmed) }
                }
            }
            try splitter.finish()
            #expect(found == [#"{"a":[1,{"b":"]}\",\\"}]}"#, "2", #""x,y""#, "[]"], "by \(size)")
        }
    }

    private static func expectFailure(_ store: MemoryStore, _ message: String) async throws {
        await #expect(throws: RefreshError.self) { _ = try await run(store) }
        #expect(store.last?.status == .error)
        #expect(store.last?.message.hasPrefix(message) == true, "\(store.last?.message ?? "nothing")")
        #expect(store.now.streams.isEmpty)
    }
}
