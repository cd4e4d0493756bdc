import CeleryProtocol
import Dispatch
import Foundation
import Skirret

/// What `skirret bench` runs.
enum BenchTasks {
    /// Does nothing.
    static let nothing = RegisteredTask(name: "samples.nothing") { _, _, _ in .null }

    /// Tells when it began: nanoseconds of the machine's monotonic clock, and seconds since 1970.
    static let clock = RegisteredTask(name: "samples.clock") { _, _, _ in
        ["monotonic": .int(monotonicNanoseconds), "calendar": .double(Date().timeIntervalSince1970)]
    }

    static let all = [nothing, clock]

    /// A clock that all processes of the machine share.
    static var monotonicNanoseconds: Int { Int(DispatchTime.now().uptimeNanoseconds) }
}
