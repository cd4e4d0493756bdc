import Catalog
import CeleryProtocol
import Foundation
import Testing

@Suite("What belongs to an account") struct AccountPartsTests {
    @Test func `filters are asked in their order, and keep what programs put beside them`() async throws {
        try await withCatalog { catalog in
            let table = catalog.m3uAccounts
            let account = try await table.create(M3UAccountDraft(name: "Home")).id
            let other = try await table.create(M3UAccountDraft(name: "Other")).id
            let first = try await table.addFilter(to: account, M3UFilterDraft(pattern: "a"))
            var draft = M3UFilterDraft(pattern: "b")
            (draft.order, draft.customProperties) = (0, ["note": "x", "case_sensitive": false])
            let second = try await table.addFilter(to: account, draft)
            let third = try await table.addFilter(to: account, M3UFilterDraft(pattern: "c"))
            #expect(third.order == 1)
            #expect(try await table.filters(of: account).map(\.pattern) == ["a", "b", "c"])
            let changed = try await table.updateFilter(second.id, of: account) { $0.order = 9 }
            #expect(changed.order == 9 && changed.customProperties["note"] == "x" && !changed.isCaseSensitive)
            await #expect(throws: CatalogError.self) { try await table.updateFilter(first.id, of: other) { _ in } }
            await #expect(throws: CatalogError.self) { try await table.deleteFilter(first.id, of: other) }
            try await table.deleteFilter(first.id, of: account)
            #expect(try await table.filters(of: account).map(\.id) == [third.id, second.id])
        }
    }

    @Test func `a profile has a name of its own in its account, and the default one stays`() async throws {
        try await withCatalog { catalog in
            let table = catalog.m3uAccounts
            let account = try await table.create(M3UAccountDraft(name: "Home")).id
            var draft = M3UProfileDraft(name: "Second")
            (draft.searchPattern, draft.replacePattern) = ("a", "b")
            let added = try await table.addProfile(to: account, draft)
            #expect(!added.isDefault && added.isActive && added.expiresAt == nil)
            let twin = await #expect(throws: CatalogError.self) { try await table.addProfile(to: account, draft) }
            #expect(twin?.code == .duplicate)
            let date = Date(timeIntervalSince1970: 1_800_000_000)
            let changed = try await table.updateProfile(added.id, of: account) { draft, isDefault in
                #expect(!isDefault)
                draft.expiresAt = date
            }
            #expect(changed.expiresAt == date && changed.name == "Second")
            let standard = try #require(try await table.profiles(of: account).first)
            #expect(standard.isDefault)
            let locked = await #expect(throws: CatalogError.self) {
                try await table.deleteProfile(standard.id, of: account)
            }
            #expect(locked?.code == .locked)
            try await table.deleteProfile(added.id, of: account)
            #expect(try await table.profiles(of: account) == [standard])
        }
    }

    @Test func `settings of groups are done together or not at all`() async throws {
        try await withCatalog { catalog in
            let table = catalog.m3uAccounts
            let account = try await table.create(M3UAccountDraft(name: "Home")).id
            let refresh = try await catalog.beginStreamRefresh(account: account)
            try await refresh.stage([StagedStream(hash: "1", name: "One", url: "http://a/1", group: "News")])
            _ = try await refresh.commit()
            let news = try #require(try await table.groups(of: account).first)
            var setting = AccountGroupSetting(groupID: news.groupID)
            (setting.syncsChannels, setting.firstChannelNumber, setting.lastChannelNumber) = (true, 5, 9)
            setting.customProperties = ["group_override": 3]
            try await table.set([setting], of: account)
            var off = AccountGroupSetting(groupID: news.groupID)
            off.isEnabled = false
            off.lastChannelNumber = .some(nil)
            try await table.set([off], of: account)
            let now = try #require(try await table.groups(of: account).first)
            #expect(!now.isEnabled && now.syncsChannels && now.customProperties == ["group_override": 3])
            #expect(now.firstChannelNumber == 5 && now.lastChannelNumber == nil)
            off.isEnabled = true
            off.lastChannelNumber = 2
            await #expect(throws: CatalogError.self, "a range that ends before it begins") {
                try await table.set([off], of: account)
            }
            off.lastChannelNumber = nil
            await #expect(throws: CatalogError.self, "a group that is not there") {
                try await table.set([off, AccountGroupSetting(groupID: 99)], of: account)
            }
            #expect(try await table.groups(of: account) == [now])
            await #expect(throws: CatalogError.self) { try await table.set([off], of: 77) }
        }
    }

    @Test func `accounts outlive their server group`() async throws {
        try await withCatalog { catalog in
            let group = try await catalog.serverGroups.insert(name: "One")
            var draft = M3UAccountDraft(name: "Home")
            draft.serverGroupID = group.id
            let account = try await catalog.m3uAccounts.create(draft).id
            let twin = await #expect(throws: CatalogError.self) { try await catalog.serverGroups.insert(name: "One") }
            #expect(twin?.code == .duplicate)
            #expect(try await catalog.serverGroups.rename(group.id, to: "Two").name == "Two")
            try await catalog.serverGroups.delete(group.id)
            #expect(try await catalog.m3uAccounts.find(account)?.draft.serverGroupID == nil)
            #expect(try await catalog.serverGroups.all().isEmpty)
        }
    }
}
