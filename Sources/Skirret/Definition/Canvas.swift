public import CeleryProtocol

/// Tasks one after the other, each given the result of the one before: `chain(add.s(2, 2), add.s(4))`.
///
/// A group in the middle is waited for: what follows gets the list of its results.
public func chain<Last>(_ a: some CanvasPart, _ last: TaskSignature<Last>) -> TaskSignature<Last> {
    TaskSignature(Signature.chain([a.signature, last.signature]))
}

/// Tasks one after the other, each given the result of the one before.
public func chain<Last>(
    _ a: some CanvasPart, _ b: some CanvasPart, _ last: TaskSignature<Last>
) -> TaskSignature<Last> {
    TaskSignature(Signature.chain([a.signature, b.signature, last.signature]))
}

/// Tasks one after the other, each given the result of the one before.
public func chain<Last>(
    _ a: some CanvasPart, _ b: some CanvasPart, _ c: some CanvasPart, _ last: TaskSignature<Last>
) -> TaskSignature<Last> {
    TaskSignature(Signature.chain([a.signature, b.signature, c.signature, last.signature]))
}

/// Tasks one after the other, each given the result of the one before.
public func chain<Last>(
    _ a: some CanvasPart, _ b: some CanvasPart, _ c: some CanvasPart, _ d: some CanvasPart, _ last: TaskSignature<Last>
) -> TaskSignature<Last> {
    TaskSignature(Signature.chain([a.signature, b.signature, c.signature, d.signature, last.signature]))
}

/// Any number of tasks one after the other.
public func chain(_ steps: any CanvasPart...) -> TaskSignature<JSONValue> { chain(steps) }

/// Any number of tasks one after the other.
public func chain(_ steps: [any CanvasPart]) -> TaskSignature<JSONValue> {
    TaskSignature(Signature.chain(steps.map(\.signature)))
}

/// Tasks side by side: `group(add.s(1, 1), add.s(2, 2))`.
public func group<Output>(_ members: TaskSignature<Output>...) -> GroupSignature<Output> { group(members) }

/// Tasks side by side.
public func group<Output>(_ members: [TaskSignature<Output>]) -> GroupSignature<Output> {
    GroupSignature(signature: .group(members.map(\.signature)))
}

/// Tasks side by side that give different things.
public func group(_ members: [any CanvasPart]) -> GroupSignature<JSONValue> {
    GroupSignature(signature: .group(members.map(\.signature)))
}

/// A header of tasks side by side, and a body that is called with the list of their results.
///
/// ```swift
/// try await chord([add.s(1, 1), add.s(2, 2)], then: total.s()).delay(on: queue)
/// ```
public func chord<Output>(_ header: [any CanvasPart], then body: TaskSignature<Output>) -> TaskSignature<Output> {
    TaskSignature(Signature.chord(header: .group(header.map(\.signature)), body: body.signature))
}

/// A group, and a body that is called with the list of its results.
public func chord<Member, Output>(
    _ header: GroupSignature<Member>, then body: TaskSignature<Output>
) -> TaskSignature<Output> {
    TaskSignature(Signature.chord(header: header.signature, body: body.signature))
}

/// A header of tasks side by side, and a body of any kind, a group for example.
public func chord(_ header: [any CanvasPart], then body: some CanvasPart) -> TaskSignature<JSONValue> {
    TaskSignature(Signature.chord(header: .group(header.map(\.signature)), body: body.signature))
}
