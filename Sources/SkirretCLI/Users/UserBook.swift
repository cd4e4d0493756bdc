import API
import ArgumentParser
import Catalog
import CeleryProtocol
import Foundation

/// The people in the database, for commands.
enum UserBook {
    /// Opens the database for one command about people.
    static func with<R>(_ common: CommonFlags, _ body: (UserTable) async throws -> R) async throws -> R {
        try await withCatalog(common) { try await body($0.users) }
    }

    /// Opens the database for one command.
    static func withCatalog<R>(_ common: CommonFlags, _ body: (CatalogDatabase) async throws -> R) async throws -> R {
        let settings = try await common.load(isQuiet: true)
        try settings.prepareFolders()
        let catalog = try await CatalogDatabase(path: settings.databasePath, checksIntegrity: false)
        do {
            let result = try await body(catalog)
            try await catalog.close()
            return result
        } catch {
            // try?: the command's own error is the one to tell.
            try? await catalog.close()
            throw error
        }
    }

    /// The person of that name.
    static func find(_ name: String, in table: UserTable) async throws -> UserRow {
        if let user = try await table.find(username: name) { return user }
        let known = try await table.all().map(\.username).joined(separator: ", ")
        throw ValidationError("There is nobody called \(name). Known: \(known.isEmpty ? "nobody yet" : known).")
    }

    /// A password from the terminal, typed twice and not shown, or the first line of standard input.
    static func readPassword() throws -> String {
        guard isatty(STDIN_FILENO) == 1 else { return readLine() ?? "" }
        guard let first = getpass("Password: ").map({ String(cString: $0) }),
            let second = getpass("Again: ").map({ String(cString: $0) }), first == second
        else { throw ValidationError("The two passwords differ. Nothing was changed.") }
        return first
    }
}

/// A level by its name.
enum LevelName: String, CaseIterable, ExpressibleByArgument {
    case streamer
    case standard
    case admin

    var level: UserLevel {
        switch self {
        case .streamer: .streamer
        case .standard: .standard
        case .admin: .admin
        }
    }

    static func text(_ level: UserLevel) -> String {
        allCases.last { $0.level <= level }?.rawValue ?? String(level.rawValue)
    }
}
