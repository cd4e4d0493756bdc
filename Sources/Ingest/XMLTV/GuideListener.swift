import CLibXML2

/// Whom libxml2 calls: the place where the handler lives.
final class GuideListener {
    var handler: GuideHandler

    init(_ handler: GuideHandler) { self.handler = handler }

    /// A push parser that reports to this listener, which must outlive it.
    func makeContext() -> xmlParserCtxtPtr? {
        var sax = Self.callbacks()
        let context = xmlCreatePushParserCtxt(&sax, Unmanaged.passUnretained(self).toOpaque(), nil, 0, nil)
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
            guard let listener = GuideListener.from(data), let tag else { return }
            listener.handler.start(tag, attributes, Int(count))
        }
        sax.endElementNs = { data, _, _, _ in GuideListener.from(data)?.handler.end() }
        sax.characters = { data, start, length in
            GuideListener.from(data)?.handler.text(UnsafeBufferPointer(start: start, count: Int(length)))
        }
        sax.cdataBlock = { data, start, length in
            GuideListener.from(data)?.handler.text(UnsafeBufferPointer(start: start, count: Int(length)))
        }
        sax.getEntity = { data, name in
            guard let listener = GuideListener.from(data), let name else { return nil }
            return listener.handler.entity(name)
        }
        sax.entityDecl = { data, name, _, _, _, _ in
            GuideListener.from(data)?.handler.entityDefined(name.map { String(cString: $0) } ?? "")
        }
        sax.serror = { data, error in
            guard let listener = GuideListener.from(data), let error else { return }
            listener.handler.error(error.pointee.message.map { String(cString: $0) } ?? "")
        }
        return sax
    }

    /// The listener behind a callback's user data.
    ///
    /// Also marks the document well-formed again: after an error that it got over, libxml2 would
    /// otherwise drop every `&amp;` in the rest of the document.
    private static func from(_ data: UnsafeMutableRawPointer?) -> GuideListener? {
        guard let data else { return nil }
        let listener = Unmanaged<GuideListener>.fromOpaque(data).takeUnretainedValue()
        listener.handler.context?.pointee.wellFormed = 1
        return listener
    }
}
