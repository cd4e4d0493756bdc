#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension TaskResult {
    /// The bytes of a success, as ``encoded()`` gives them once parent and group were set.
    ///
    /// Straight to bytes: a worker writes one for nearly every task.
    public static func encodedSuccess(
        _ taskID: TaskID, _ result: JSONValue, children: [JSONValue] = [], at dateDone: Date,
        parentID: TaskID? = nil, groupID: String? = nil
    ) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(320)
        output.append(contentsOf: #"{"status":"SUCCESS","result":"#.utf8)
        result.write(to: &output)
        output.append(contentsOf: #","traceback":null,"children":"#.utf8)
        JSONValue.array(children).write(to: &output)
        output.append(contentsOf: #","date_done":""#.utf8)
        output.append(contentsOf: WireDate.text(dateDone).utf8)
        output.append(contentsOf: #"","task_id":"#.utf8)
        JSONValue.write(taskID.rawValue, to: &output)
        for (name, value) in [("parent_id", parentID?.rawValue), ("group_id", groupID)] {
            guard let value else { continue }
            output.append(UInt8(ascii: ","))
            JSONValue.write(name, to: &output)
            output.append(UInt8(ascii: ":"))
            JSONValue.write(value, to: &output)
        }
        output.append(UInt8(ascii: "}"))
        return output
    }
}
