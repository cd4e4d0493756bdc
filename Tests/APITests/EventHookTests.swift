import Catalog
import CeleryProtocol
import Foundation
import PluginRuntime
import Skirret
import SkirretRedis
import Testing

@testable import API

@Suite("Event hooks", .timeLimit(.minutes(1))) struct EventHookTests {
    private static let listener = """
        class Plugin:
            actions = [
                {"id": "on_refresh", "events": ["m3u_refresh", "epg_refresh"]}, {"id": "by_hand"},
                {"id": "also", "events": ["m3u_refresh"]},
            ]

        """

    private func withHooks(_ body: (APIFixture) async throws -> Void) async throws {
        try await APIFixture.withServices { fixture in
            let services = fixture.services
            EventHooks(services.catalog, ledger: services.ledger, folder: services.folder, logger: APIFixture.logger)
                .attach(to: services.catalog)
            try await body(fixture)
        }
    }

    @Test func `an event that was inserted runs each action that listens to it, for an hour at most`() async throws {
        try await withHooks { fixture in
            try await fixture.installEnabled("listener", Self.listener)
            try fixture.install("switched_off", Self.listener)
            try await fixture.services.catalog.plugins.synchronize(with: [.init(key: "switched_off", name: "off")])
            try await fixture.services.catalog.systemEvents.insert(
                "m3u_refresh", details: ["account_name": "one", "streams_created": 3, "streams_deleted": 0])
            let params: JSONValue = [
                "event": "m3u_refresh", "payload": ["account_name": "one", "streams_created": 3],
            ]
            for action in ["on_refresh", "also"] {
                let message = try #require(try await fixture.takeMessage())
                #expect(message.headers.task == "skirret.plugins.run_action")
                #expect(message.body.args == ["listener", .string(action), params, [:]])
                #expect(message.headers.timeLimit.hard == 3600)
                let entry = try await fixture.services.catalog.ledger.find(message.headers.id)
                #expect(entry?.origin == "event m3u_refresh" && entry?.plugin == "listener")
            }
            #expect(try await fixture.takeMessage() == nil)
            try await fixture.services.catalog.systemEvents.insert("channel_start")
            #expect(try await fixture.takeMessage() == nil)
            // The event itself is there in any case.
            #expect(
                try await fixture.services.catalog.systemEvents.latest().map(\.type) == [
                    "channel_start", "m3u_refresh",
                ])
        }
    }

    @Test func `actions that are computed are known from what the loaded code said, while it is that code`()
        async throws
    {
        try await withHooks { fixture in
            try await fixture.installEnabled("computed", "class Plugin: pass\n")
            let mark = try #require(try await fixture.services.folder.find("computed")).fingerprint
            let said: JSONValue = ["actions": [["id": "late", "events": ["epg_refresh"]]]]
            let descriptions = PluginDescriptions(redis: fixture.services.redis)
            try await descriptions.keep(.init(fingerprint: mark, description: said), of: "computed")
            try await fixture.services.catalog.systemEvents.insert("epg_refresh")
            #expect(try await fixture.takeMessage()?.body.args.prefix(2) == ["computed", "late"])
            try await descriptions.keep(.init(fingerprint: "other", description: said), of: "computed")
            try await fixture.services.catalog.systemEvents.insert("epg_refresh")
            #expect(try await fixture.takeMessage() == nil)
        }
    }

    @Test func `an empty value is no news`() {
        let details: JSONObject = [
            "none": nil, "no": false, "zero": 0, "nought": 0.0, "text": "", "list": [], "object": [:], "one": 1,
            "kept": ["a": 0],
        ]
        #expect(
            EventHooks.payload(details, channelName: "News") == ["one": 1, "kept": ["a": 0], "channel_name": "News"])
    }
}
