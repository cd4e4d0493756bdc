/// What follows a signature, and what is put on all of its parts.
extension Signature {
    /// The signatures that an option holds: one, several or none.
    ///
    /// What is no signature is left out, as it could never run.
    public func signatures(_ option: String) -> [Signature] {
        switch options[option] {
        // Why `try?`: a callback that does not parse must not keep the task's own result from being stored.
        case .array(let elements)?: elements.compactMap { try? Signature(json: $0) }
        case .object(let single)?: (try? Signature(json: .object(single))).map { [$0] } ?? []
        default: []
        }
    }

    mutating func set(_ signatures: [Signature], _ option: String) {
        options[option] = signatures.isEmpty ? nil : .array(signatures.map(\.json))
    }

    mutating func append(_ added: [Signature], to option: String) {
        guard !added.isEmpty else { return }
        var signatures = signatures(option)
        for signature in added where !signatures.contains(signature) { signatures.append(signature) }
        set(signatures, option)
    }

    /// This signature with one more callback: called with the result.
    ///
    /// Of a chain the last step calls it, of a chord the body. A group cannot wait for its members without a body: its
    /// first member calls it, without the result.
    public func linked(_ callback: Signature) -> Signature {
        var linked = self
        switch try? kind() {  // a canvas that cannot be read is refused when it is sent
        case .chord(let header, var body)?:
            body = body.linked(callback)
            linked.kwargs["header"] = header.json
            linked.kwargs["body"] = body.json
        case .group(var members)?:
            guard let first = members.first else { return self }
            members[0] = first.linked(callback.asImmutable)
            linked = replacing("tasks", members)
        default: linked.append([callback], to: "link")
        }
        return linked
    }

    /// This signature with one more errback: called with the id of the task that failed.
    ///
    /// Every step of a chain and every member of a group calls it; of a chord the body, whichever part failed.
    public func linkedError(_ errback: Signature) -> Signature {
        var linked = self
        switch try? kind() {  // a canvas that cannot be read is refused when it is sent
        case .chord(let header, let body)?:
            linked.kwargs["header"] = header.json
            linked.kwargs["body"] = body.linkedError(errback).json
        case .group(let members)? where subtaskType == "group":
            linked = replacing("tasks", members.map { $0.linkedError(errback) })
        default: linked.append([errback], to: "link_error")
        }
        return linked
    }

    /// This signature with stamps: headers that are put on all of its parts and callbacks too.
    ///
    /// A stamp that is there already is replaced. Monitors and `revoke_by_stamped_headers` find tasks by them.
    public func stamped(_ stamps: JSONObject) -> Signature {
        var stamped = self
        var names = options["stamped_headers"]?.array ?? []
        for (name, value) in stamps {
            if !names.contains(.string(name)) { names.append(.string(name)) }
            stamped.options[name] = value
        }
        stamped.options["stamped_headers"] = .array(names)
        for option in ["link", "link_error"] { stamped.set(signatures(option).map { $0.stamped(stamps) }, option) }
        switch try? kind() {  // a canvas that cannot be read is refused when it is sent
        case .chain(let parts)?, .group(let parts)?:
            if subtaskType == "chunks" { break }
            stamped = stamped.replacing("tasks", parts.map { $0.stamped(stamps) })
        case .chord(let header, let body)?:
            stamped.kwargs["header"] = header.stamped(stamps).json
            stamped.kwargs["body"] = body.stamped(stamps).json
        default: break
        }
        return stamped
    }

    /// This signature with further options, which win over its own.
    public func with(options: JSONObject) -> Signature {
        var changed = self
        changed.options.merge(options)
        return changed
    }
}
