/// What a signature stands for.
enum CanvasKind {
    /// One task, `celery.map` and `celery.starmap` among them.
    case task
    case chain([Signature])
    case group([Signature])
    case chord(header: Signature, body: Signature)
}

extension Signature {
    /// Tasks one after the other, each given the result of the one before.
    public static func chain(_ steps: [Signature]) -> Signature {
        Signature(task: "celery.chain", kwargs: ["tasks": .array(steps.map(\.json))], subtaskType: "chain")
    }

    /// Tasks side by side.
    public static func group(_ members: [Signature]) -> Signature {
        Signature(task: "celery.group", kwargs: ["tasks": .array(members.map(\.json))], subtaskType: "group")
    }

    /// A body that is called with the list of the header's results once all of them are there.
    public static func chord(header: Signature, body: Signature) -> Signature {
        Signature(
            task: "celery.chord", kwargs: ["kwargs": [:], "header": header.json, "body": body.json],
            subtaskType: "chord")
    }

    /// One task that calls another for each item in turn and returns the list of results.
    public static func map(_ task: Signature, over items: [JSONValue]) -> Signature {
        Signature(
            task: "celery.map", kwargs: ["task": task.json, "it": .array(items)], subtaskType: "xmap", immutable: true)
    }

    /// Like ``map(_:over:)``, with each item spread over the arguments.
    public static func starmap(_ task: Signature, over items: [JSONValue]) -> Signature {
        Signature(
            task: "celery.starmap", kwargs: ["task": task.json, "it": .array(items)], subtaskType: "xstarmap",
            immutable: true)
    }

    /// A group of ``starmap(_:over:)``, each over at most `size` of the items.
    ///
    /// - Precondition: `size` is at least 1.
    public static func chunks(_ task: Signature, over items: [JSONValue], of size: Int) -> Signature {
        precondition(size > 0, "chunks of \(size) items: a chunk needs at least one")
        return .group(
            stride(from: 0, to: items.count, by: size).map { start in
                .starmap(task, over: Array(items[start..<min(start + size, items.count)]))
            })
    }

    /// This signature with arguments that stay as they are whatever it is applied to; Celery's `si`.
    public var asImmutable: Signature {
        var fixed = self
        fixed.immutable = true
        return fixed
    }
}

extension Signature {
    func kind() throws(WireError) -> CanvasKind {
        switch subtaskType {
        case "chain": return .chain(try parts("tasks"))
        case "group": return .group(try parts("tasks"))
        case "chord":
            guard let body = kwargs["body"] else { throw .expected("a body", at: "chord.body", found: nil) }
            return .chord(header: try chordHeader(), body: try Signature(json: body, at: "chord.body"))
        case "chunks": return .group(try chunkMembers())
        default: return .task
        }
    }

    private func parts(_ key: String) throws(WireError) -> [Signature] {
        guard let elements = kwargs[key]?.array else {
            throw .expected("a list of signatures", at: "\(task).\(key)", found: kwargs[key])
        }
        var parts: [Signature] = []
        for (index, element) in elements.enumerated() {
            parts.append(try Signature(json: element, at: "\(task).\(key)[\(index)]"))
        }
        return parts
    }

    /// The header as a group, in whichever of Celery's spellings it came.
    private func chordHeader() throws(WireError) -> Signature {
        guard let header = kwargs["header"] else { throw .expected("a header", at: "chord.header", found: nil) }
        if header.array != nil { return .group(try parts("header")) }
        let single = try Signature(json: header, at: "chord.header")
        switch try single.kind() {
        case .group(let members): return single.subtaskType == "group" ? single : .group(members)
        case .chain(let steps): return .group(steps)
        default: return .group([single])
        }
    }

    /// `celery.chunks` is no task but a group of star maps.
    private func chunkMembers() throws(WireError) -> [Signature] {
        guard let size = kwargs["n"]?.int, size > 0 else {
            throw .expected("a whole number, at least 1", at: "chunks.n", found: kwargs["n"])
        }
        guard let items = kwargs["it"]?.array else { throw .expected("a list", at: "chunks.it", found: kwargs["it"]) }
        let task = try Signature(json: kwargs["task"] ?? .null, at: "chunks.task")
        guard case .group(let members) = try Signature.chunks(task, over: items, of: size).kind() else { return [] }
        return members
    }

    /// A canvas with other parts.
    func replacing(_ key: String, _ parts: [Signature]) -> Signature {
        var changed = self
        changed.kwargs[key] = .array(parts.map(\.json))
        return changed
    }
}
