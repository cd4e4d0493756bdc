import CLibXML2

/// Whom libxml2 calls: the place where the handler lives.
final class GuideListener {
    /// In a place of its own: each use of a class's property is guarded, and libxml2 calls millions of times.
    private let place: UnsafeMutablePointer<GuideHandler>

    init(_ handler: GuideHandler) {
        place = .allocate(capacity: 1)
        place.initialize(to: handler)
    }

    deinit {
        place.deinitialize(count: 1)
        place.deallocate()
    }

    var handler: GuideHandler {
        _read { yield place.pointee }
        _modify { yield &place.pointee }
    }

    /// A push parser that reports to this listener, which must outlive it.
    func makeContext() -> xmlParserCtxtPtr? {
        var sax = Self.callbacks()
        let context = xmlCreatePushParserCtxt(&sax, place, nil, 0, nil)
        guard let context else { return nil }
        // Never XML_PARSE_HUGE (lifts the limits), NOENT (expands entities) or DTDLOAD (opens files).
        let options = XML_PARSE_NONET.rawValue | XML_PARSE_RECOVER.rawValue
        xmlCtxtUseOptions(context, Int32(options))
        return context
    }

    /// Only what is needed; what is missing (external subsets, parameter entities) cannot be reached at all.
    private static func callbacks() -> xmlSAXHandler {
        var sax = xmlSAXHandler()
        sax.initialized = 0xDEED_BEAF  // XML_SAX2_MAGIC, a macro that is not imported
        sax.startElementNs = { data, tag, _, _, _, _, count, _, attributes in
            guard let tag else { return }
            GuideListener.handler(data)?.pointee.start(tag, attributes, Int(count))
        }
        sax.endElementNs = { data, _, _, _ in GuideListener.handler(data)?.pointee.end() }
        sax.characters = { data, start, length in
            GuideListener.handler(data)?.pointee.text(UnsafeBufferPointer(start: start, count: Int(length)))
        }
        sax.cdataBlock = { data, start, length in
            GuideListener.handler(data)?.pointee.text(UnsafeBufferPointer(start: start, count: Int(length)))
        }
        sax.getEntity = { data, name in
            name.flatMap { GuideListener.handler(data)?.pointee.entity($0) }
        }
        sax.entityDecl = { data, name, _, _, _, _ in
            GuideListener.handler(data)?.pointee.entityDefined(name.map { String(cString: $0) } ?? "")
        }
        sax.serror = { data, error in
            guard let error else { return }
            GuideListener.handler(data)?.pointee.error(error.pointee.message.map { String(cString: $0) } ?? "")
        }
        return sax
    }

    /// The handler behind a callback's user data.
    ///
    /// Also marks the document well-formed again: after an error that it got over, libxml2 would
    /// otherwise drop every `&amp;` in the rest of the document.
    private static func handler(_ data: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<GuideHandler>? {
        let handler = data?.assumingMemoryBound(to: GuideHandler.self)
        handler?.pointee.context?.pointee.wellFormed = 1
        return handler
    }
}
