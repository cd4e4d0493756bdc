import CeleryProtocol

/// From which addresses what may be reached: the settings group `network_access`, read.
struct NetworkRules: Sendable, Equatable {
    /// What Dispatcharr tells apart.
    enum Door: String, Sendable, CaseIterable {
        /// The web app, the API and the socket.
        case ui = "UI"
        /// Streams, where a proxy beside this server serves them.
        case streams = "STREAMS"
        /// The Xtream Codes interface, likewise.
        case xtream = "XC_API"
        /// Playlists and guides, likewise.
        case playlists = "M3U_EPG"

        /// What holds while nothing is said: playlists are for the household, the rest for everybody.
        fileprivate var usual: [NetworkRange] {
            let near = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,::1/128,fc00::/7,fe80::/10"
            return NetworkRange.list(self == .playlists ? near : "0.0.0.0/0,::/0")
        }
    }

    private let lists: [Door: [NetworkRange]]

    /// Reads the group; a list that is there and has no range lets nobody in.
    init(_ group: JSONObject) {
        lists = Dictionary(
            Door.allCases.compactMap { door in
                guard let value = group[door.rawValue], !value.isNull else { return nil }
                return (door, NetworkRange.list(value.string ?? ""))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether an address may come in by a door; a peer without one, on a socket file, where nothing is said.
    func admits(_ address: IPAddress?, by door: Door) -> Bool {
        guard let address else { return lists[door] == nil }
        return (lists[door] ?? door.usual).contains { $0.contains(address) }
    }
}
