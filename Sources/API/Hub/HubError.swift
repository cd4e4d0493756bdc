import Ingest

/// Why a repository's manifest, or what it names, is not taken.
struct HubError: Error, Sendable, CustomStringConvertible {
    enum Kind: Sendable, Equatable {
        /// It did not come.
        case notFetched(DownloadError.Code?)
        /// It is no manifest.
        case invalidManifest
        /// It has no name, or one that may not be used.
        case refusedName
        /// It is not what the key's owner signed.
        case wrongSignature
        /// The key is none.
        case invalidKey
    }

    let kind: Kind
    /// One sentence or two.
    let message: String

    var description: String { message }

    static func invalid(_ message: String) -> HubError { HubError(kind: .invalidManifest, message: message) }

    static let wrongSignature = HubError(
        kind: .wrongSignature,
        message: "The manifest's signature is wrong: it is not what the owner of the public key has signed.")
    static let missingSignature = HubError(
        kind: .wrongSignature, message: "The manifest is not signed, though this repository has a public key.")
    static let invalidKey = HubError(
        kind: .invalidKey,
        message: "public_key: expected an OpenPGP public key, as gpg --armor --export writes it.")

    /// Stable, for programs.
    var code: String {
        switch kind {
        case .notFetched: "manifest_not_fetched"
        case .invalidManifest, .refusedName: "invalid_manifest"
        case .wrongSignature: "signature_invalid"
        case .invalidKey: "invalid_key"
        }
    }

    /// What is written into the table: the HTTP status, or the sentence.
    var status: String {
        if case .notFetched(.status(let status)?) = kind { return String(status) }
        return message
    }

    /// Dispatcharr's words for somebody who has just typed the address.
    var advice: String {
        guard case .notFetched(let code) = kind else { return message }
        switch code {
        case .timedOut?: return "The request timed out. Check the URL and try again."
        case .connection?:
            return "Could not connect to the server. Check the URL and your network connection."
        case .status(404)?:
            return "Manifest not found (404). Check that the URL points to a valid manifest file."
        case .status(403)?: return "Access denied (403). The server refused the request."
        case .status(let status)?:
            return "The server returned an error (\(status)). Check the URL and try again."
        default: return message
        }
    }
}
