import Foundation

/// A zip of files as they are.
struct StoredZip {
    private(set) var bytes = Data()

    init(_ files: [(name: String, data: Data)]) {
        var directory = Data()
        for (name, data) in files {
            let offset = UInt32(bytes.count)
            var head = Data()
            head.append(little: UInt16(20), UInt16(0x800), UInt16(0), UInt32(0), Self.checksum(data))
            head.append(little: UInt32(data.count), UInt32(data.count), UInt16(name.utf8.count), UInt16(0))
            bytes.append(contentsOf: [0x50, 0x4B, 3, 4])
            bytes.append(head + Data(name.utf8) + data)
            directory.append(contentsOf: [0x50, 0x4B, 1, 2])
            directory.append(little: UInt16(20))
            directory.append(head)
            directory.append(little: UInt16(0), UInt16(0), UInt16(0), UInt32(0), offset)
            directory.append(Data(name.utf8))
        }
        let start = UInt32(bytes.count)
        bytes.append(directory)
        bytes.append(contentsOf: [0x50, 0x4B, 5, 6])
        bytes.append(little: UInt32(0), UInt16(files.count), UInt16(files.count), UInt32(directory.count), start)
        bytes.append(little: UInt16(0))
    }

    private static func checksum(_ data: Data) -> UInt32 {
        var crc = UInt32.max
        for byte in data {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = (crc & 1 == 1) ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}

extension Data {
    fileprivate mutating func append(little values: any FixedWidthInteger...) {
        for value in values { append(bytesOf: value) }
    }

    private mutating func append(bytesOf value: some FixedWidthInteger) {
        append(contentsOf: Swift.withUnsafeBytes(of: value.littleEndian) { Array($0) })
    }
}
