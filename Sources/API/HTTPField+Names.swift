import HTTPTypes

extension HTTPField.Name {
    /// The header `X-API-Key`.
    static let apiKey = literal("X-API-Key")
    /// The header `Sec-Fetch-Site`.
    static let secFetchSite = literal("Sec-Fetch-Site")
    /// The header `Prefer`.
    static let prefer = literal("Prefer")
    /// The header `Preference-Applied`.
    static let preferenceApplied = literal("Preference-Applied")
    /// The header `Idempotency-Key`.
    static let idempotencyKey = literal("Idempotency-Key")
    /// The header `Referrer-Policy`.
    static let referrerPolicy = literal("Referrer-Policy")

    private static func literal(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is not a header's name") }
        return name
    }
}
