import Catalog
import CeleryProtocol

extension APIRequest {
    /// A row as the caller may see it: readers see what there is, and not what opens it.
    ///
    /// - Parameters:
    ///   - row: The row as an administrator sees it.
    ///   - secrets: Members that are null for everybody else.
    /// - Returns: The row, with nulls in it or as it was.
    func visible(_ row: JSONValue, without secrets: [String]) -> JSONValue {
        guard context.principal?.level ?? .streamer < .admin, var object = row.object else { return row }
        for name in secrets where object[name] != nil { object[name] = .null }
        return .object(object)
    }
}
