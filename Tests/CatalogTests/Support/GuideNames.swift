@testable import Catalog

/// Guide channels, and names of playlists with the guide channel that a person would pick; nil where there is none.
///
/// Written for this test after the habits that public playlists show: countries in front or behind, picture quality,
/// digits for words and words for digits, missing blanks, decorated capitals, `+1`, and channels that no guide has.
enum GuideNames {
    static let entries: [GuideMatcher.Entry] = guide.split(separator: "\n").enumerated().map { index, line in
        let parts = line.split(separator: "|", maxSplits: 1)
        return GuideMatcher.Entry(id: index + 1, tvgID: String(parts[0]), name: String(parts[1]))
    }

    static let labels = read(named)

    static func read(_ text: String) -> [(name: String, guide: String?)] {
        text.split(separator: "\n").compactMap { line in
            guard let bar = line.lastIndex(of: "|") else { return nil }
            let guide = String(line[bar...].dropFirst())
            return (String(line[..<bar]), guide.isEmpty ? nil : guide)
        }
    }

    private static let guide = """
        bbcone.uk|BBC One
        bbctwo.uk|BBC Two
        bbcthree.uk|BBC Three
        bbcfour.uk|BBC Four
        bbcnews.uk|BBC News
        bbcparliament.uk|BBC Parliament
        bbconescotland.uk|BBC One Scotland
        bbconewales.uk|BBC One Wales
        cbbc.uk|CBBC
        cbeebies.uk|CBeebies
        itv1.uk|ITV1
        itv1plus1.uk|ITV1 +1
        itv2.uk|ITV2
        itv2plus1.uk|ITV2 +1
        itv3.uk|ITV3
        itv4.uk|ITV4
        itvquiz.uk|ITV Quiz
        channel4.uk|Channel 4
        channel4plus1.uk|Channel 4 +1
        4seven.uk|4seven
        e4.uk|E4
        e4extra.uk|E4 Extra
        more4.uk|More4
        film4.uk|Film4
        channel5.uk|Channel 5
        5usa.uk|5USA
        5star.uk|5STAR
        5action.uk|5ACTION
        skynews.uk|Sky News
        skyarts.uk|Sky Arts
        skyatlantic.uk|Sky Atlantic
        skymax.uk|Sky Max
        skywitness.uk|Sky Witness
        skysportsmainevent.uk|Sky Sports Main Event
        skysportsnews.uk|Sky Sports News
        skysportspremierleague.uk|Sky Sports Premier League
        skysportsfootball.uk|Sky Sports Football
        skysportscricket.uk|Sky Sports Cricket
        skysportsgolf.uk|Sky Sports Golf
        skysportsf1.uk|Sky Sports F1
        skysportsracing.uk|Sky Sports Racing
        skysportsmix.uk|Sky Sports Mix
        skycinemapremiere.uk|Sky Cinema Premiere
        skycinemaaction.uk|Sky Cinema Action
        skycinemacomedy.uk|Sky Cinema Comedy
        tntsports1.uk|TNT Sports 1
        tntsports2.uk|TNT Sports 2
        tntsports3.uk|TNT Sports 3
        tntsports4.uk|TNT Sports 4
        eurosport1.uk|Eurosport 1
        eurosport2.uk|Eurosport 2
        dave.uk|Dave
        gold.uk|U&GOLD
        yesterday.uk|Yesterday
        drama.uk|U&Drama
        discovery.uk|Discovery
        discoveryhistory.uk|Discovery History
        discoveryturbo.uk|Discovery Turbo
        animalplanet.uk|Animal Planet
        natgeo.uk|National Geographic
        natgeowild.uk|Nat Geo Wild
        comedycentral.uk|Comedy Central
        comedycentralextra.uk|Comedy Central Extra
        mtv.uk|MTV
        mtvhits.uk|MTV Hits
        mtvmusic.uk|MTV Music
        nickjr.uk|Nick Jr.
        nicktoons.uk|Nicktoons
        quest.uk|Quest
        questred.uk|Quest Red
        talkingpicturestv.uk|Talking Pictures TV
        gbnews.uk|GB News
        abc.us|ABC
        cbs.us|CBS
        nbc.us|NBC
        fox.us|FOX
        foxnews.us|Fox News Channel
        foxbusiness.us|Fox Business
        foxsports1.us|Fox Sports 1
        foxsports2.us|Fox Sports 2
        cnn.us|CNN
        cnninternational.us|CNN International
        msnbc.us|MSNBC
        cnbc.us|CNBC
        espn.us|ESPN
        espn2.us|ESPN2
        espnu.us|ESPNU
        espnews.us|ESPNews
        espndeportes.us|ESPN Deportes
        hbo.us|HBO
        hbo2.us|HBO 2
        hbocomedy.us|HBO Comedy
        hbofamily.us|HBO Family
        showtime.us|Showtime
        showtime2.us|Showtime 2
        starz.us|Starz
        starzencore.us|Starz Encore
        amc.us|AMC
        ae.us|A&E
        tbs.us|TBS
        tnt.us|TNT
        usanetwork.us|USA Network
        syfy.us|Syfy
        fx.us|FX
        fxx.us|FXX
        fxm.us|FX Movie Channel
        history.us|The History Channel
        hgtv.us|HGTV
        foodnetwork.us|Food Network
        travelchannel.us|Travel Channel
        tlc.us|TLC
        lifetime.us|Lifetime
        lifetimemovies.us|Lifetime Movie Network
        hallmark.us|Hallmark Channel
        hallmarkmystery.us|Hallmark Mystery
        bravo.us|Bravo
        eentertainment.us|E! Entertainment Television
        disneychannel.us|Disney Channel
        disneyjunior.us|Disney Junior
        disneyxd.us|Disney XD
        cartoonnetwork.us|Cartoon Network
        nickelodeon.us|Nickelodeon
        nfl.us|NFL Network
        nflredzone.us|NFL RedZone
        nbatv.us|NBA TV
        mlb.us|MLB Network
        nhl.us|NHL Network
        golf.us|Golf Channel
        weather.us|The Weather Channel
        daserste.de|Das Erste
        zdf.de|ZDF
        zdfneo.de|ZDFneo
        zdfinfo.de|ZDFinfo
        rtl.de|RTL
        rtlzwei.de|RTLZWEI
        rtlplus.de|RTLup
        rtlnitro.de|NITRO
        sat1.de|SAT.1
        sat1gold.de|SAT.1 Gold
        prosieben.de|ProSieben
        prosiebenmaxx.de|ProSieben MAXX
        kabeleins.de|Kabel Eins
        kabeleinsdoku.de|Kabel Eins Doku
        vox.de|VOX
        voxup.de|VOXup
        ntv.de|n-tv
        welt.de|WELT
        dmax.de|DMAX
        sixx.de|sixx
        tele5.de|TELE 5
        3sat.de|3sat
        arte.de|ARTE
        phoenix.de|phoenix
        kika.de|KiKA
        superrtl.de|Super RTL
        sport1.de|SPORT1
        br.de|BR Fernsehen
        wdr.de|WDR Fernsehen
        ndr.de|NDR Fernsehen
        mdr.de|MDR Fernsehen
        skysportbundesliga1.de|Sky Sport Bundesliga 1
        skysportbundesliga2.de|Sky Sport Bundesliga 2
        skysporttopevent.de|Sky Sport Top Event
        tf1.fr|TF1
        france2.fr|France 2
        france3.fr|France 3
        france4.fr|France 4
        france5.fr|France 5
        franceinfo.fr|franceinfo:
        m6.fr|M6
        w9.fr|W9
        6ter.fr|6ter
        canalplus.fr|CANAL+
        canalplussport.fr|CANAL+ Sport
        canalpluscinema.fr|CANAL+ Cinéma(s)
        c8.fr|C8
        tmc.fr|TMC
        tfx.fr|TFX
        bfmtv.fr|BFM TV
        cnews.fr|CNEWS
        rmcsport1.fr|RMC Sport 1
        beinsports1.fr|beIN SPORTS 1
        beinsports2.fr|beIN SPORTS 2
        beinsports3.fr|beIN SPORTS 3
        gulli.fr|Gulli
        la1.es|La 1
        la2.es|La 2
        antena3.es|Antena 3
        cuatro.es|Cuatro
        telecinco.es|Telecinco
        lasexta.es|laSexta
        24horas.es|Canal 24 Horas
        movistarlaliga.es|Movistar LaLiga
        daznlaliga.es|DAZN LaLiga
        rai1.it|Rai 1
        rai2.it|Rai 2
        rai3.it|Rai 3
        rainews24.it|Rai News 24
        canale5.it|Canale 5
        italia1.it|Italia 1
        rete4.it|Rete 4
        la7.it|La7
        skysportcalcio.it|Sky Sport Calcio
        npo1.nl|NPO 1
        npo2.nl|NPO 2
        npo3.nl|NPO 3
        rtl4.nl|RTL 4
        rtl5.nl|RTL 5
        rtl7.nl|RTL 7
        sbs6.nl|SBS6
        veronica.nl|Veronica
        ziggosport.nl|Ziggo Sport
        tvp1.pl|TVP 1
        tvp2.pl|TVP 2
        polsat.pl|Polsat
        polsatsport.pl|Polsat Sport
        tvn.pl|TVN
        tvn24.pl|TVN24
        svt1.se|SVT1
        svt2.se|SVT2
        tv4.se|TV4
        kanal5.se|Kanal 5
        dr1.dk|DR1
        dr2.dk|DR2
        tv2zulu.dk|TV 2 ZULU
        nrk1.no|NRK1
        yle1.fi|Yle TV1
        """
}
