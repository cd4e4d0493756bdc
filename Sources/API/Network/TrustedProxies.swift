import HTTPTypes

/// Tells who is behind a proxy, and believes nobody but the proxies that the operator has named.
struct TrustedProxies: Sendable {
    let ranges: [NetworkRange]

    /// The caller's address: the peer's own, or what a trusted peer says of it.
    ///
    /// `X-Real-IP` counts first, then the last hop of `X-Forwarded-For` that is no trusted proxy itself: whatever
    /// stands before it, the caller may have written.
    ///
    /// - Parameters:
    ///   - peer: The other end of the connection; nil on a socket file, where only the operator's own proxy can be.
    ///   - forwarded: The header fields' values by name, in lower case.
    /// - Returns: An address, or `local`.
    func client(peer: String?, _ forwarded: (_ name: String) -> [String]) -> String {
        let address = peer.flatMap(IPAddress.init)
        guard !ranges.isEmpty, isTrusted(address, isLocal: peer == nil) else { return peer ?? "local" }
        if let real = forwarded("x-real-ip").first?.trimmingSpace, IPAddress(real) != nil { return real }
        let hops = forwarded("x-forwarded-for").flatMap { $0.split(separator: ",") }.map { String($0).trimmingSpace }
        let outside = hops.last { hop in IPAddress(hop).map { !isTrusted($0, isLocal: false) } ?? false }
        return outside ?? peer ?? "local"
    }

    private func isTrusted(_ address: IPAddress?, isLocal: Bool) -> Bool {
        guard let address else { return isLocal }
        return ranges.contains { $0.contains(address) }
    }

    func client(peer: String?, _ headers: HTTPFields) -> String {
        client(peer: peer) { name in HTTPField.Name(name).map { headers[values: $0] } ?? [] }
    }
}
