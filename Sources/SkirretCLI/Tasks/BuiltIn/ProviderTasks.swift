import Catalog
import CeleryProtocol
import Foundation
import Ingest
import Logging
import Skirret

/// Tasks that ask an Xtream server about its users.
extension DispatcharrTasks {
    var accountTasks: [RegisteredTask] { [accountProfiles.registered, accountInfo.registered] }

    /// Each active profile, some seconds apart: providers count questions.
    private var accountProfiles: TaskDefinition<JSONValue, Int> {
        TaskDefinition("apps.m3u.tasks.refresh_account_profiles", parameters: ["account_id"]) {
            (context: TaskContext, id: Int) in
            guard let account = try await catalog.m3uAccounts.find(id) else {
                throw TaskFailure.builtin("ValueError", "There is no M3U account \(id).")
            }
            // A playlist has no account information: nothing to do, as in Dispatcharr.
            guard account.draft.kind == .xtream else { return nil }
            let profiles = try await catalog.m3uAccounts.profiles(of: id).filter(\.isActive)
            for (index, profile) in profiles.enumerated() {
                if index > 0 { try await Task.sleep(for: .milliseconds(2500)) }
                do {
                    try await readInfo(of: profile, account, context)
                } catch let error as Ingest.RefreshError {
                    // One profile's trouble is its own; whoever looks at the profile has been told.
                    context.logger.warning("a profile was not read", metadata: ["error": "\(error.message)"])
                }
            }
            return nil
        }
    }

    private var accountInfo: TaskDefinition<JSONValue, Int> {
        let options = TaskOptions(
            singleFlight: .init(
                name: { args, kwargs in "account-info:\((args.first ?? kwargs["profile_id"] ?? .null).text)" },
                answer: { .string("Task already running for this profile, as \($0).") }))
        return TaskDefinition("apps.m3u.tasks.refresh_account_info", parameters: ["profile_id"], options: options) {
            (context: TaskContext, id: Int) in
            guard let owner = try await catalog.m3uAccounts.account(ofProfile: id),
                let account = try await catalog.m3uAccounts.find(owner),
                let profile = try await catalog.m3uAccounts.profiles(of: owner).first(where: { $0.id == id })
            else {
                await tell("account_refresh_error", ["error": .string("Profile \(id) was not found.")])
                throw TaskFailure.builtin("ValueError", "There is no profile \(id).")
            }
            guard account.draft.kind == .xtream else {
                await fail(profile, "Profile '\(profile.name)' does not belong to an Xtream Codes account.")
                throw TaskFailure.builtin("ValueError", "Profile \(id) does not belong to an Xtream Codes account.")
            }
            do {
                try await readInfo(of: profile, account, context)
            } catch let error as Ingest.RefreshError {
                throw error.failure
            }
            return nil
        }
    }

    private func readInfo(of profile: M3UAccountProfile, _ account: M3UAccount, _ context: TaskContext) async throws {
        let draft = account.draft
        let userAgent = try await catalog.settings.userAgent(draft.userAgentID)?.headerText
        do {
            let info = try await XtreamProfileReader(userAgent: userAgent, logger: context.logger).read(
                XtreamFields(server: draft.serverURL, username: draft.username, password: draft.password),
                pattern: profile.searchPattern, replacement: profile.replacePattern)
            try await catalog.m3uAccounts.saveInfo(
                ofProfile: profile.id, ["user_info": .object(info.user), "server_info": .object(info.server)],
                expires: info.expires)
        } catch let error as Ingest.RefreshError {
            await fail(profile, error.message)
            throw error
        }
        await tell(
            "account_info_refresh_success",
            [
                "success": true, "profile_id": .int(profile.id), "profile_name": .string(profile.name),
                "message": .string("Account information of '\(profile.name)' was refreshed."),
            ])
    }

    private func fail(_ profile: M3UAccountProfile, _ message: String) async {
        await tell(
            "account_info_refresh_error",
            [
                "success": false, "profile_id": .int(profile.id), "profile_name": .string(profile.name),
                "error": .string(message), "message": .string(message),
            ])
    }
}
