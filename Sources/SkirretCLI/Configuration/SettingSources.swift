import ArgumentParser
import Configuration
import Foundation
import SystemPackage

/// Where settings come from: flags, then the environment, then `config/skirret.yaml`.
struct SettingSources {
    /// One place a setting may come from.
    private struct Source {
        let name: @Sendable (Setting) -> String
        let value: @Sendable (Setting) -> String?
    }

    private let sources: [Source]

    /// Reads the file, if there is one.
    ///
    /// - Parameters:
    ///   - flags: What was said on the command line.
    ///   - file: The configuration file; one that was named must exist.
    /// - Throws: `ValidationError` for unknown keys, and what kept the file from being read.
    init(flags: [Setting: String], file: String?) async throws {
        let environment = ConfigReader(provider: EnvironmentVariablesProvider())
        var sources = [
            Source(name: { "--\($0.name)" }, value: { flags[$0] }),
            Source(
                name: { $0.variable },
                value: { setting in
                    let key = setting.variable.lowercased().split(separator: "_").joined(separator: ".")
                    return environment.string(forKey: ConfigKey(key)).flatMap { $0.isEmpty ? nil : $0 }
                }),
        ]
        let path = file ?? "config/skirret.yaml"
        if file != nil || FileManager.default.fileExists(atPath: path) {
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false)
            try Self.refuseUnknownKeys(in: path, lines)
            // The YAML reader takes a file of nothing but comments for a fault.
            if lines.allSatisfy({ $0.allSatisfy(\.isWhitespace) || $0.hasPrefix("#") }) {
                self.sources = sources
                return
            }
            let reader = ConfigReader(provider: try await FileProvider<YAMLSnapshot>(filePath: FilePath(path)))
            sources.append(
                Source(
                    name: { _ in path },
                    value: { setting in
                        let key = ConfigKey([setting.name])
                        // YAML takes on and off for truth values, unless they are quoted.
                        return reader.string(forKey: key) ?? reader.int(forKey: key).map(String.init)
                            ?? reader.bool(forKey: key).map { $0 ? "on" : "off" }
                    }))
        }
        self.sources = sources
    }

    /// The value and where it comes from; nil when nobody says anything.
    func find(_ setting: Setting) -> (value: String, origin: String)? {
        for source in sources {
            if let value = source.value(setting) { return (value, source.name(setting)) }
        }
        return nil
    }

    subscript(setting: Setting) -> String? { find(setting)?.value ?? setting.fallback }

    /// A misspelt key is a fault, not a silence.
    private static func refuseUnknownKeys(in path: String, _ lines: [Substring]) throws {
        let known = Set(Setting.all.map(\.name))
        for (number, line) in lines.enumerated() {
            guard let first = line.first, first.isLetter, let colon = line.firstIndex(of: ":") else { continue }
            let key = String(line[..<colon])
            guard !known.contains(key) else { continue }
            throw ValidationError(
                "\(path), line \(number + 1): unknown key '\(key)'. Known are \(known.sorted().joined(separator: ", "))."
            )
        }
    }
}
