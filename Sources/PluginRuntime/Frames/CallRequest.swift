import CeleryProtocol

extension PluginCall {
    /// The call's frame, as JSON bytes.
    func frame(id: CallID, taskID: String?, key: String) -> [UInt8] {
        var frame: JSONObject = ["type": "call", "id": .int(id.rawValue), "method": .string(method)]
        if let taskID { frame["task_id"] = .string(taskID) }
        switch self {
        case .run(let action, let params, let files, let context):
            frame["action"] = .string(action)
            frame["params"] = params
            if !files.isEmpty { frame["files"] = .object(files) }
            frame.describe(context, key: key)
        case .resource(let name, let params, let allowDisabled, let context):
            frame["resource"] = .string(name)
            frame["params"] = params
            frame["allow_disabled"] = .bool(allowDisabled)
            frame.describe(context, key: key)
        case .stop(let reason, let context):
            frame["reason"] = .string(reason)
            frame.describe(context, key: key)
        case .describe:
            break
        case .task(let name, let args, let kwargs):
            frame["name"] = .string(name)
            frame["args"] = .array(args)
            frame["kwargs"] = .object(kwargs)
        }
        return frame.encoded()
    }

    /// The frame that asks a running call to stop.
    static func cancelFrame(id: CallID) -> [UInt8] {
        JSONObject([("type", "cancel"), ("id", .int(id.rawValue))]).encoded()
    }
}

extension JSONObject {
    fileprivate mutating func describe(_ context: PluginContext, key: String) {
        self["settings"] = .object(context.settings)
        self["plugin"] = [
            "key": .string(key), "name": .string(context.name), "version": .string(context.version),
            "description": .string(context.description), "enabled": .bool(context.isEnabled),
        ]
    }
}
