import API
import ArgumentParser
import Catalog
import CeleryProtocol
import Foundation
import Skirret

/// Every schedule that a command can reach: those in Redis, and those in the database when there is one here.
struct ScheduleBook {
    /// Where a schedule lives.
    enum Home {
        case redis
        case database(id: Int)
    }

    /// One schedule.
    struct Entry {
        var name: String
        var home: Home
        /// What it says, or why it cannot fire.
        var definition: Result<ScheduledTask, any Error>
        var lastRun: Date?
        var totalRunCount: Int
        /// Where its interval counts from.
        var since: Date?

        /// The next firings; none for one that cannot fire.
        func next(_ count: Int, after instant: Date) -> [Firing] {
            // Why it cannot fire is shown beside.
            (try? definition.get())?.next(after: instant, count: count, since: since) ?? []
        }
    }

    let queue: TaskQueue
    let redis: RedisScheduleStore
    let catalog: CatalogDatabase?

    /// Runs the body with the schedules that the settings lead to.
    static func with<Value>(_ common: CommonFlags, _ body: (ScheduleBook) async throws -> Value) async throws -> Value {
        let settings = try await common.load(isQuiet: true)
        let queue = settings.taskQueue("skirret-schedules")
        let hasDatabase = FileManager.default.fileExists(atPath: settings.databasePath)
        let catalog = hasDatabase ? try await CatalogDatabase(path: settings.databasePath, checksIntegrity: false) : nil
        let book = ScheduleBook(queue: queue, redis: RedisScheduleStore(queue), catalog: catalog)
        do {
            let value = try await body(book)
            try await book.close()
            return value
        } catch {
            try? await book.close()  // the first error is the one to tell
            throw error
        }
    }

    private func close() async throws {
        await queue.close()
        try await catalog?.close()
    }

    /// All of them, by name.
    func all() async throws -> [Entry] {
        var entries = try await redis.all().map { entry in
            Entry(
                name: entry.name, home: .redis, definition: entry.definition.mapError { $0 as any Error },
                lastRun: entry.lastRun, totalRunCount: entry.totalRunCount, since: entry.since)
        }
        if let catalog {
            let since = try await queue.scheduleSince(scope: "")
            entries += try await catalog.schedules.all().map { row in
                Entry(
                    name: row.name, home: .database(id: row.id), definition: Result { try ScheduledTask(row) },
                    lastRun: row.lastRunAt, totalRunCount: row.totalRunCount, since: since[row.name])
            }
        }
        return entries.sorted { $0.name < $1.name }
    }

    /// The one of that name.
    ///
    /// - Throws: `ValidationError` when there is none.
    func find(_ name: String) async throws -> Entry {
        let all = try await all()
        if let entry = all.first(where: { $0.name == name }) { return entry }
        let similar = all.map(\.name).filter { $0.lowercased().contains(name.lowercased()) }.prefix(3)
        throw ValidationError(
            "There is no schedule '\(name)'"
                + (similar.isEmpty
                    ? "; 'skirret schedules' lists them." : ". Did you mean \(similar.joined(separator: " or "))?"))
    }

    /// Switches one on or off, wherever it lives.
    func setEnabled(_ name: String, _ isEnabled: Bool) async throws {
        switch try await find(name).home {
        case .redis: try await redis.setEnabled(name, isEnabled)
        case .database(let id): try await catalog?.schedules.update(id, isEnabled: isEnabled)
        }
    }

    /// Removes one, wherever it lives.
    func remove(_ name: String) async throws {
        switch try await find(name).home {
        case .redis: try await redis.remove(name)
        case .database: try await catalog?.schedules.delete(named: name)
        }
    }
}

extension ScheduleBook.Entry {
    /// For programs.
    func json(next firings: [Firing]) -> JSONValue {
        var json: JSONObject = ["name": .string(name)]
        switch definition {
        case .success(let task):
            json = task.json
            json["enabled"] = .bool(task.isEnabled)
        case .failure(let error): json["problem"] = .string("\(error)")
        }
        switch home {
        case .redis: json["home"] = "redis"
        case .database(let id): json.merge(["home": "database", "id": .int(id)])
        }
        json["last_run_at"] = JSONValue(lastRun.map(WireDate.text))
        json["total_run_count"] = .int(totalRunCount)
        json["next"] = .array(firings.map(\.json))
        return .object(json)
    }
}

extension Firing {
    /// `{"at": …}` and, where the clock or the sun did something, `kind` and `note`.
    var json: JSONValue {
        var json: JSONObject = ["at": .string(WireDate.text(date))]
        json["kind"] = shift.map { .string($0.kind.rawValue) }
        json["note"] = shift.map { .string($0.reason) }
        return .object(json)
    }
}
