#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Decides which addresses may be connected to.
///
/// The host that an administrator typed may be private: home networks need it. A redirect to another host may not
/// lead to a private address, nor may what a feed names, and link-local addresses, where clouds keep their credentials,
/// are never reached.
/// What is judged is the address that is then connected to, not the spelling of the URL.
struct AddressPolicy {
    /// Whether the host is the one that an administrator typed.
    let isTypedHost: Bool
    /// Whether the port is that one, too.
    let isTypedPort: Bool

    /// Services that HTTP must not be spoken to on machines of others.
    private static let refusedPorts: Set<Int> = [
        1, 7, 9, 13, 19, 21, 22, 23, 25, 53, 110, 111, 119, 135, 139, 143, 389, 445, 465, 514, 587, 636, 993, 995, 1433,
        3306, 3389, 5432, 6379, 11211, 27017,
    ]

    /// Why an address is refused; nil when it may be used.
    func refusal(of address: IPAddress, port: Int) -> String? {
        if address.isLinkLocal { return "link-local and metadata addresses are never fetched" }
        if !isTypedHost, !address.isPublic { return "only the host that was typed may be a private one" }
        if Self.refusedPorts.contains(port), address.isPublic || !isTypedHost || !isTypedPort {
            return "port \(port) belongs to another service"
        }
        return nil
    }
}

/// An IPv4 or IPv6 address.
struct IPAddress: Equatable {
    /// Four or sixteen bytes.
    let bytes: [UInt8]
    /// As a resolver writes it.
    let text: String

    /// The addresses of a host, in the resolver's order.
    ///
    /// Blocks; not for the cooperative pool.
    static func resolve(_ host: String) throws(DownloadError) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            throw DownloadError(
                .connection, "The name \(host) has no address (\(String(cString: gai_strerror(code)))).")
        }
        defer { freeaddrinfo(list) }
        return sequence(first: list) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { entry in
            (entry?.pointee.ai_addr).flatMap(IPAddress.init)
        }
    }

    init(bytes: [UInt8], text: String) {
        self.bytes = bytes
        self.text = text
    }

    private init?(_ address: UnsafeMutablePointer<sockaddr>) {
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let field = raw.loadUnaligned(as: sockaddr_in.self).sin_addr
            bytes = withUnsafeBytes(of: field) { Array($0) }
        case AF_INET6:
            let field = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            bytes = withUnsafeBytes(of: field) { Array($0) }
        default: return nil
        }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return nil }
        text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Link-local, or an address at which a cloud keeps its metadata.
    var isLinkLocal: Bool {
        if let inner = embedded { return inner.isLinkLocal }
        guard bytes.count == 16 else {
            return bytes.starts(with: [169, 254]) || bytes == [100, 100, 100, 200] || bytes == [192, 0, 0, 192]
        }
        return bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
            || bytes == [0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54]
    }

    /// Reachable by everybody: not private, shared, loopback, multicast, reserved or unspecified.
    var isPublic: Bool {
        if let inner = embedded { return inner.isPublic }
        guard bytes.count == 4 else { return bytes[0] & 0xE0 == 0x20 }
        switch (bytes[0], bytes[1]) {
        case (0, _), (10, _), (127, _), (224..., _): return false
        case (100, 64...127), (169, 254), (172, 16...31), (192, 168), (198, 18...19): return false
        case (192, 0): return bytes[2] != 0
        default: return true
        }
    }

    /// The IPv4 address inside an IPv6 one: mapped, compatible, 6to4 or NAT64.
    private var embedded: IPAddress? {
        guard bytes.count == 16 else { return nil }
        let zeros = bytes.prefix(10).allSatisfy { $0 == 0 }
        let nat64: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        let isMapped = zeros && bytes[10...11] == [0xFF, 0xFF]
        let isCompatible = zeros && bytes[10...11] == [0, 0] && bytes[12...14] != [0, 0, 0]
        if isMapped || isCompatible || bytes.starts(with: nat64) {
            return IPAddress(bytes: Array(bytes[12...]), text: text)
        }
        if bytes.starts(with: [0x20, 0x02]) { return IPAddress(bytes: Array(bytes[2..<6]), text: text) }
        return nil
    }
}
