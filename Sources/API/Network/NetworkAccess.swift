import Catalog
import CeleryProtocol
import HTTPTypes
import Synchronization

/// The address lists as this process knows them: read again once a second at most, when somebody asks.
final class NetworkAccess: Sendable {
    private static let age = Duration.seconds(1)

    private struct Reading {
        let rules: NetworkRules
        let at: ContinuousClock.Instant
    }

    let proxies: TrustedProxies
    private let settings: SettingsTable
    private let last = Mutex<Reading?>(nil)

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

    private func rules() async throws -> NetworkRules {
        let known = last.withLock { $0 }
        if let known, known.at.duration(to: .now) < Self.age { return known.rules }
        do {
            let rules = NetworkRules(try await settings.values(of: .network))
            last.withLock { $0 = Reading(rules: rules, at: .now) }
            return rules
        } catch {
            // A database that is busy for a moment changes no list.
            guard let known else { throw error }
            return known.rules
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
