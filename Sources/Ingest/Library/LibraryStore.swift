public import FoundationEssentials

/// Where films and series are kept.
public protocol LibraryStore: Sendable {
    /// Whether the account offers films or series in categories; the one for those without any does not count.
    func hasCategories(of kind: LibraryKind, account: Int) async throws -> Bool

    /// Begins to gather a new state of what the account offers, which nobody sees yet.
    func beginLibrary(account: Int) async throws -> any LibraryStaging
}

/// A new state of what one account offers that is being gathered.
public protocol LibraryStaging: Sendable {
    /// Adds films or series; of two with the same number the later wins.
    func stage(_ titles: [LibraryTitle], of kind: LibraryKind) async throws

    /// Makes everything that was added visible at once; what was not added is offered no more.
    func commit(categories: [LibraryKind: [LibraryCategory]], scanStart: Date) async throws

    /// Forgets everything that was added. Harmless after a commit.
    func discard() async
}
