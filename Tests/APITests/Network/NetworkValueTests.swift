import CeleryProtocol
import HTTPTypes
import Testing

@testable import API

@Suite("Network lists") struct NetworkValueTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.0.0.5", "10.0.0.5", true),
        ("10.0.0.5", "10.0.0.6", false), ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false),
        ("::/0", "2001:db8::1", true), ("::/0", "8.8.8.8", false), ("2001:db8::/33", "2001:db8:7fff::1", true),
        ("2001:db8::/33", "2001:db8:8000::1", false), (" 192.168.0.0/16 ", "192.168.9.9", true),
        ("192.168.1.128/25", "192.168.1.127", false), ("192.168.1.128/25", "192.168.1.200", true),
        ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("::ffff:10.0.0.0/104", "10.1.1.1", true),
    ])
    func `an address is in a range or not`(range: String, address: String, isIn: Bool) throws {
        let range = try #require(NetworkRange(range))
        #expect(range.contains(try #require(IPAddress(address))) == isIn)
    }

    @Test(arguments: [
        "", "x", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8", "::/129", "fe80::1%eth0/64",
        "10.0.0.0/8/8", "1.2.3.4,5.6.7.8", "10.0.0.0/+8", "host.example", "::ffff:10.0.0.0/8",
    ])
    func `what is no range is none`(text: String) {
        #expect(NetworkRange(text) == nil)
    }

    @Test func `bits behind the prefix are overlooked only where Dispatcharr does`() throws {
        let range = try #require(NetworkRange("10.1.2.3/8", isStrict: false))
        #expect(range == NetworkRange("10.0.0.0/8"))
    }

    @Test func `without a list everybody comes in, and playlists stay in the household`() throws {
        let rules = NetworkRules([:])
        let (near, far) = (try #require(IPAddress("192.168.1.1")), try #require(IPAddress("8.8.8.8")))
        for door in NetworkRules.Door.allCases {
            #expect(rules.admits(near, by: door))
            #expect(rules.admits(far, by: door) == (door != .playlists))
            #expect(rules.admits(nil, by: door))
        }
    }

    @Test func `a list without a range lets nobody in`() throws {
        let address = try #require(IPAddress("8.8.8.8"))
        for value: JSONValue in ["", "nonsense", 7, []] {
            let rules = NetworkRules(["UI": value])
            #expect(!rules.admits(address, by: .ui) && rules.admits(address, by: .streams))
            #expect(!rules.admits(nil, by: .ui))
        }
        #expect(NetworkRules(["UI": "bad, 8.8.8.0/24"]).admits(address, by: .ui))
    }

    @Test(
        arguments: [
            // peer, trusted, X-Real-IP, X-Forwarded-For, client
            ("8.8.8.8", "", "1.1.1.1", "2.2.2.2", "8.8.8.8"),
            ("8.8.8.8", "10.0.0.0/8", "1.1.1.1", "2.2.2.2", "8.8.8.8"),
            ("10.0.0.1", "10.0.0.0/8", "1.1.1.1", "2.2.2.2", "1.1.1.1"),
            ("10.0.0.1", "10.0.0.0/8", nil, "6.6.6.6, 2.2.2.2, 10.0.0.7", "2.2.2.2"),
            ("10.0.0.1", "10.0.0.0/8", nil, "10.0.0.7", "10.0.0.1"), ("10.0.0.1", "10.0.0.0/8", nil, nil, "10.0.0.1"),
            ("10.0.0.1", "10.0.0.0/8", "nonsense", "2.2.2.2, nonsense", "2.2.2.2"),
            (nil, "10.0.0.0/8", nil, "2.2.2.2", "2.2.2.2"), (nil, "", nil, "2.2.2.2", "local"),
        ] as [(String?, String, String?, String?, String)])
    func `only a trusted proxy says who is behind it`(
        peer: String?, trusted: String, real: String?, forwarded: String?, client: String
    ) {
        let proxies = TrustedProxies(ranges: NetworkRange.list(trusted))
        let found = proxies.client(peer: peer) { name in
            (name == "x-real-ip" ? real : forwarded).map { [$0] } ?? []
        }
        #expect(found == client)
    }
}
