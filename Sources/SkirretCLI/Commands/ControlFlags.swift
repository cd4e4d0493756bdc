import ArgumentParser
import CeleryProtocol
import Foundation
import Skirret

/// The flags of what asks the fleet; Celery's names.
struct ControlFlags: ParsableArguments {
    @Option(name: [.customShort("t"), .long], help: "Seconds to wait for answers.")
    var timeout: Double = 1

    @Option(name: [.customShort("d"), .long], help: "Only these workers, separated by commas.")
    var destination: String?

    @Flag(name: [.customShort("j"), .long], help: "Print JSON, in the shape of Celery's own command.")
    var json = false

    func validate() throws {
        guard timeout > 0, timeout <= 3600 else {
            throw ValidationError("--timeout: expected seconds, more than 0 and at most 3600, got \(timeout).")
        }
    }

    var target: ControlTarget {
        let names = (destination ?? "").split(separator: ",").map(String.init)
        return names.isEmpty ? .all : .nodes(names)
    }
}

/// Asks the fleet one command and prints the answers.
struct FleetQuestion {
    let method: String
    var arguments = JSONObject()
    let flags: ControlFlags

    /// As `sysexits.h` and Celery have it: nobody is there to answer.
    static let unavailable = ExitCode(69)

    func ask(_ common: CommonFlags) async throws -> [ControlReply] {
        let replies = try await common.withBroker("skirret-control") { broker in
            try await broker.ask(method, arguments, of: flags.target, within: .seconds(flags.timeout))
        }
        return replies.sorted { $0.node < $1.node }
    }

    static func nobodyAnswered() -> ExitCode {
        FileHandle.standardError.write(Data("Error: No nodes replied within time constraint\n".utf8))
        return unavailable
    }

    /// Between workers only; Celery 5.7's workers even die of an `election` that nobody else takes part in.
    private static let hidden: Set = ["hello", "election"]

    private static func commands(_ kind: ControlCommand.Kind) -> [ControlCommand] {
        ControlCommand.all.filter { $0.kind == kind && !hidden.contains($0.name) }
    }

    /// The command of this name, or the error that lists all of its kind.
    static func command(_ name: String, _ kind: ControlCommand.Kind) throws -> ControlCommand {
        if let command = ControlCommand.named(name), commands(kind).contains(command) { return command }
        let program = kind == .inspect ? "inspect" : "control"
        let known = commands(kind).map(\.name).sorted().joined(separator: ", ")
        let other = ControlCommand.named(name).flatMap { $0.kind == kind || hidden.contains(name) ? nil : $0 }.map {
            _ in
            " It is one of 'skirret \(kind == .inspect ? "control" : "inspect")'."
        }
        throw ValidationError("\(program): \"\(name)\" is none of its commands.\(other ?? "") They are: \(known).")
    }

    static func list(_ kind: ControlCommand.Kind) {
        Output.table(["COMMAND", ""], commands(kind).map { [$0.usage, $0.summary] })
    }
}
