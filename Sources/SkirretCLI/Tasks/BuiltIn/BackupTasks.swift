import Catalog
import CeleryProtocol
import Foundation
import Logging
import Skirret

/// Saving and restoring the database.
extension DispatcharrTasks {
    var backupTasks: [RegisteredTask] {
        [createBackup.registered, restoreBackup.registered, scheduledBackup.registered]
    }

    private var backups: BackupFolder { BackupFolder(catalog, folder: data.appending(path: "backups")) }

    /// One at a time: they would only wear the disk.
    private static func options(_ what: String) -> TaskOptions {
        TaskOptions(
            singleFlight: .init(
                name: { _, _ in "backups" },
                answer: { ["status": "failed", "error": .string("\(what) did not run: \($0) is at the backups.")] }))
    }

    private var createBackup: TaskDefinition<JSONValue> {
        TaskDefinition("apps.backups.tasks.create_backup_task", options: Self.options("The backup")) {
            (context: TaskContext) in
            await answering(context) { try await backups.create() }
        }
    }

    private var restoreBackup: TaskDefinition<JSONValue, String> {
        TaskDefinition(
            "apps.backups.tasks.restore_backup_task", parameters: ["filename"], options: Self.options("Restoring")
        ) { (context: TaskContext, filename: String) in
            await answering(context) {
                let before = try await backups.restore(filename)
                context.logger.notice(
                    "a backup was restored", metadata: ["backup": "\(filename)", "before": "\(before.filename)"])
                return try await backups.all().first { $0.filename == filename } ?? before
            }
        }
    }

    private var scheduledBackup: TaskDefinition<JSONValue, Int?> {
        TaskDefinition(
            "apps.backups.tasks.scheduled_backup_task", parameters: ["retention_count"],
            options: Self.options("The scheduled backup")
        ) { (context: TaskContext, count: Int?) in
            await answering(context) {
                let backup = try await backups.create()
                let gone = try await backups.keep(newest: count ?? 0)
                if !gone.isEmpty {
                    context.logger.info("old backups were removed", metadata: ["count": "\(gone.count)"])
                }
                return backup
            }
        }
    }

    /// Callers look at the answer, not at the task's state: a failure is an answer too.
    private func answering(_ context: TaskContext, _ work: () async throws -> Backup) async -> JSONValue {
        do {
            let backup = try await work()
            return ["status": "completed", "filename": .string(backup.filename), "size": .int(backup.size)]
        } catch {
            context.logger.error("the backup task failed", metadata: ["error": "\(error)"])
            return ["status": "failed", "error": .string("\(error)")]
        }
    }
}
