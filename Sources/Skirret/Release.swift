/// Which release this is: shown by monitors, reports and `skirret --version`.
package enum Release {
    /// By semantic versioning.
    package static let version = "0.1.0"
}
