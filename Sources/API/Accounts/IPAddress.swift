import Foundation

/// An address of the Internet protocol, judged by its bits and not by its spelling.
struct IPAddress: Equatable {
    /// Four bytes, or sixteen; an IPv4 address in IPv6's clothes is four.
    let bytes: [UInt8]

    /// Reads `192.168.1.4` and `fe80::1`; a zone behind `%` is left out.
    ///
    /// Nil for anything else, names included.
    init?(_ text: String) {
        let plain = String(text.prefix { $0 != "%" })
        var four = [UInt8](repeating: 0, count: 4)
        var sixteen = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, plain, &four) == 1 {
            bytes = four
        } else if inet_pton(AF_INET6, plain, &sixteen) == 1 {
            let isMapped = sixteen.prefix(10).allSatisfy { $0 == 0 } && sixteen[10] == 255 && sixteen[11] == 255
            bytes = isMapped ? Array(sixteen.suffix(4)) : sixteen
        } else {
            return nil
        }
    }

    /// Whether it belongs to this machine or to a network that the world cannot route to.
    var isNear: Bool {
        switch (bytes.count, bytes[0], bytes[1]) {
        case (4, 127, _), (4, 10, _), (4, 192, 168), (4, 169, 254), (4, 172, 16...31): true
        case (16, 0xFC...0xFD, _), (16, 0xFE, 0x80...0xBF): true
        case (16, 0, _): bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
        default: false
        }
    }

    /// What one household or attacker has of it: all of IPv4, the first half of IPv6.
    var network: [UInt8] { Array(bytes.prefix(8)) }
}
