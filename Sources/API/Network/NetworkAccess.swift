import Catalog
import CeleryProtocol
import HTTPTypes
import Synchronization

/// The address lists as this process knows them: read again when somebody asks, once a second at most or after
/// ``forget()``.
final class NetworkAccess: Sendable {
    private static let age = Duration.seconds(1)

    private struct Reading {
        var rules: NetworkRules?
        /// From when on they are no longer taken for what is there.
        var staleAt = ContinuousClock.now
        /// How often they were forgotten: what was being read meanwhile may be the old ones.
        var edition = 0
    }

    let proxies: TrustedProxies
    private let settings: SettingsTable
    private let last = Mutex(Reading())

    init(settings: SettingsTable, proxies: [NetworkRange]) {
        self.settings = settings
        self.proxies = TrustedProxies(ranges: proxies)
    }

    /// Lets an address in by a door.
    ///
    /// - Throws: 403; what the database throws when the lists were never read.
    func admit(_ address: String, by door: NetworkRules.Door = .ui) async throws {
        guard try await rules().admits(IPAddress(address), by: door) else { throw APIError.wrongNetwork }
    }

    /// Lets a person in who may come from some networks only.
    ///
    /// - Throws: 403.
    func admit(_ principal: Principal?, from address: String) throws(APIError) {
        guard let principal, !principal.networks.isEmpty else { return }
        guard let address = IPAddress(address), Self.allows(principal.networks, address) else { throw .wrongNetwork }
    }

    static func allows(_ list: String, _ address: IPAddress) -> Bool {
        NetworkRange.list(list, isStrict: false).contains { $0.contains(address) }
    }

    /// Says that the lists were changed.
    func forget() {
        last.withLock { reading in
            reading.staleAt = .now
            reading.edition += 1
        }
    }

    /// The lists.
    ///
    /// - Throws: What the database throws when they were never read.
    func rules() async throws -> NetworkRules {
        let known = last.withLock { $0 }
        if let rules = known.rules, .now < known.staleAt { return rules }
        do {
            let rules = NetworkRules(try await settings.values(of: .network))
            last.withLock { reading in
                guard reading.edition == known.edition else { return }
                reading.rules = rules
                reading.staleAt = .now + Self.age
            }
            return rules
        } catch {
            // A database that is busy for a moment changes no list.
            guard let rules = known.rules else { throw error }
            return rules
        }
    }
}

extension APIError {
    static let wrongNetwork = APIError(
        .forbidden, code: "network_not_allowed", "This server does not talk to your network address.",
        hint: "An administrator lets addresses in under Settings, Network access; `skirret network reset` lets in all.")
    static let wouldLockOut = APIError(
        .badRequest, code: "would_lock_out", "Your own address would not be let in any more.",
        hint: "Add your address to the UI list. /api/core/settings/check/ shows it.")
}
