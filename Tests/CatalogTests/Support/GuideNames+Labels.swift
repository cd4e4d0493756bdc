extension GuideNames {
    /// A name as a provider writes it, a bar, and the guide id that is right for it.
    static let named = """
        UK| BBC ONE ᶠᴴᴰ|bbcone.uk
        UK: BBC 1 HD|bbcone.uk
        |UK| BBC TWO UHD|bbctwo.uk
        [UK] BBC Three (1080p)|bbcthree.uk
        BBC FOUR HEVC|bbcfour.uk
        bbc1|bbcone.uk
        UK - BBC News HD|bbcnews.uk
        BBC One Scotland HD|bbconescotland.uk
        UK ▎BBC ONE WALES SD|bbconewales.uk
        CBBC HD (UK)|cbbc.uk
        Cbeebies FHD|cbeebies.uk
        UK: ITV 1 HD|itv1.uk
        ITV1+1|itv1plus1.uk
        UK: ITV 2 FHD|itv2.uk
        ITV2 +1 HD|itv2plus1.uk
        ITV 3 ᴴᴰ|itv3.uk
        UK | ITV 4 HD 50FPS|itv4.uk
        Channel 4 HD|channel4.uk
        CHANNEL 4 +1|channel4plus1.uk
        4 Seven|4seven.uk
        E4 HD|e4.uk
        e4 extra|e4extra.uk
        MORE 4 (UK)|more4.uk
        Film 4 HD|film4.uk
        UK: CHANNEL 5 HD|channel5.uk
        5 USA|5usa.uk
        5 Star HD|5star.uk
        5Action|5action.uk
        UK: SKY NEWS FHD|skynews.uk
        Sky Arts HD|skyarts.uk
        SKY ATLANTIC UHD 4K|skyatlantic.uk
        UK: SKY MAX|skymax.uk
        Sky Witness HD|skywitness.uk
        SkySports Main Event HD|skysportsmainevent.uk
        UK: SKYSPORTSNEWS|skysportsnews.uk
        Sky Sport Premier League UHD|skysportspremierleague.uk
        Sky Sports Football ᶠᴴᴰ|skysportsfootball.uk
        UK: Sky Sports Cricket HD|skysportscricket.uk
        Sky Sport Golf|skysportsgolf.uk
        UK: SKY SPORTS F1 UHD|skysportsf1.uk
        Sky Sports F1 FHD|skysportsf1.uk
        Sky Sports Racing SD|skysportsracing.uk
        SKY SPORTS MIX HD [BACKUP]|skysportsmix.uk
        Sky Cinema Première HD|skycinemapremiere.uk
        SKY CINEMA ACTION|skycinemaaction.uk
        UK: TNT SPORT 1 UHD|tntsports1.uk
        TNT Sports 2 HD|tntsports2.uk
        TNTSports3|tntsports3.uk
        UK: TNT Sports 4|tntsports4.uk
        EuroSport 1 HD|eurosport1.uk
        Euro Sport 2|eurosport2.uk
        UK: DAVE HD|dave.uk
        Discovery HD UK|discovery.uk
        UK: Discovery Channel|discovery.uk
        Discovery History|discoveryhistory.uk
        DISCOVERY TURBO UK|discoveryturbo.uk
        Animal Planet HD|animalplanet.uk
        Nat Geo WILD HD|natgeowild.uk
        National Geographic HD|natgeo.uk
        Comedy Central HD|comedycentral.uk
        COMEDY CENTRAL EXTRA|comedycentralextra.uk
        MTV HD|mtv.uk
        MTV HITS|mtvhits.uk
        Nick Jr HD|nickjr.uk
        Nick Toons|nicktoons.uk
        Quest HD|quest.uk
        QUEST RED|questred.uk
        Talking Pictures|talkingpicturestv.uk
        UK: GB NEWS HD|gbnews.uk
        US: ABC HD|abc.us
        USA | CBS HD|cbs.us
        US| NBC (1080p)|nbc.us
        US: FOX HD|fox.us
        US: Fox News HD|foxnews.us
        FOX NEWS CHANNEL|foxnews.us
        Fox Business HD|foxbusiness.us
        US: FOX SPORTS 1 HD|foxsports1.us
        FoxSports 2|foxsports2.us
        US: CNN HD|cnn.us
        CNN Intl|cnninternational.us
        CNN INTERNATIONAL HD|cnninternational.us
        US: MSNBC|msnbc.us
        CNBC HD|cnbc.us
        US: ESPN FHD|espn.us
        ESPN 2 HD|espn2.us
        US: ESPN U|espnu.us
        ESPN DEPORTES|espndeportes.us
        US: HBO HD|hbo.us
        HBO2|hbo2.us
        HBO Comedy HD|hbocomedy.us
        US: SHOWTIME HD|showtime.us
        SHOWTIME 2|showtime2.us
        US: STARZ HD|starz.us
        STARZ ENCORE HD|starzencore.us
        US: AMC|amc.us
        A & E HD|ae.us
        US: TBS HD|tbs.us
        US: TNT HD|tnt.us
        USA Network HD|usanetwork.us
        SYFY HD|syfy.us
        US: FX HD|fx.us
        US: FXX|fxx.us
        FX Movie HD|fxm.us
        US: HISTORY CHANNEL HD|history.us
        History Channel|history.us
        US: HGTV HD|hgtv.us
        FOOD NETWORK HD|foodnetwork.us
        Travel Channel HD|travelchannel.us
        US: TLC HD|tlc.us
        LIFETIME HD|lifetime.us
        Lifetime Movie Network HD|lifetimemovies.us
        US: HALLMARK CHANNEL HD|hallmark.us
        Bravo HD|bravo.us
        E! Entertainment HD|eentertainment.us
        DISNEY CHANNEL HD|disneychannel.us
        Disney Jr|disneyjunior.us
        DISNEY XD|disneyxd.us
        CartoonNetwork|cartoonnetwork.us
        NICKELODEON HD|nickelodeon.us
        NFL NETWORK HD|nfl.us
        NFL Red Zone|nflredzone.us
        NBA TV HD|nbatv.us
        MLB Network HD|mlb.us
        US: THE WEATHER CHANNEL|weather.us
        DE: Das Erste HD|daserste.de
        DE: DAS ERSTE FHD|daserste.de
        ZDF UHD|zdf.de
        DE: ZDF NEO HD|zdfneo.de
        ZDF info HD|zdfinfo.de
        DE: RTL FHD|rtl.de
        RTL 2 HD (DE)|rtlzwei.de
        DE| RTL ZWEI HD|rtlzwei.de
        DE: SAT 1 HD|sat1.de
        SAT.1 GOLD HD|sat1gold.de
        DE: PRO SIEBEN FHD|prosieben.de
        ProSiebenMaxx HD|prosiebenmaxx.de
        DE: KABEL 1 HD|kabeleins.de
        Kabel 1 Doku|kabeleinsdoku.de
        DE: VOX HD|vox.de
        n-tv HD|ntv.de
        DE: NTV|ntv.de
        DE: DMAX HD|dmax.de
        Tele5 HD|tele5.de
        3SAT HD|3sat.de
        ARTE HD DE|arte.de
        DE: Phönix HD|phoenix.de
        PHOENIX HD|phoenix.de
        KIKA HD|kika.de
        DE: SUPER RTL HD|superrtl.de
        Sport 1 HD|sport1.de
        WDR HD|wdr.de
        BR Fernsehen Süd HD|br.de
        NDR Fernsehen HD|ndr.de
        Sky Bundesliga 1 HD|skysportbundesliga1.de
        DE: Sky Sport Bundesliga 2 UHD|skysportbundesliga2.de
        DE: SKY SPORT TOP EVENT|skysporttopevent.de
        FR: TF1 HD|tf1.fr
        FR| FRANCE 2 FHD|france2.fr
        France 3 HD|france3.fr
        FR - France 5|france5.fr
        FR: M6 HD|m6.fr
        W9 HD|w9.fr
        6TER HD|6ter.fr
        FR: CANAL+ HD|canalplus.fr
        Canal Plus Sport HD|canalplussport.fr
        FR: CANAL+ CINEMA|canalpluscinema.fr
        FR: C8 HD|c8.fr
        BFMTV|bfmtv.fr
        C NEWS|cnews.fr
        FR: RMC SPORT 1 UHD|rmcsport1.fr
        FR: BEIN SPORTS 1 HD|beinsports1.fr
        BeinSport 2|beinsports2.fr
        beIN Sports 3 FHD|beinsports3.fr
        ES: LA 1 HD|la1.es
        ES| La 2 HD|la2.es
        Antena 3 FHD|antena3.es
        ES: ANTENA3|antena3.es
        ES: CUATRO HD|cuatro.es
        TELECINCO FHD|telecinco.es
        LA SEXTA HD|lasexta.es
        24 Horas|24horas.es
        M. LaLiga|movistarlaliga.es
        DAZN La Liga HD|daznlaliga.es
        IT: RAI 1 HD|rai1.it
        RAI2|rai2.it
        IT| Rai 3 FHD|rai3.it
        Rai News24|rainews24.it
        CANALE 5 HD|canale5.it
        Italia1 HD|italia1.it
        IT: RETE 4|rete4.it
        LA 7 HD|la7.it
        NL: NPO 1 HD|npo1.nl
        NPO2|npo2.nl
        NL| RTL 4 FHD|rtl4.nl
        RTL5 HD|rtl5.nl
        NL: SBS 6 HD|sbs6.nl
        Ziggo Sport HD|ziggosport.nl
        PL: TVP 1 HD|tvp1.pl
        TVP2 FHD|tvp2.pl
        PL| POLSAT HD|polsat.pl
        Polsat Sport HD|polsatsport.pl
        TVN 24 HD|tvn24.pl
        SE: SVT 1 HD|svt1.se
        SE: TV 4 HD|tv4.se
        Kanal5 HD|kanal5.se
        DK: DR 1 HD|dr1.dk
        TV2 Zulu HD|tv2zulu.dk
        NO: NRK 1|nrk1.no
        FI: YLE TV1 HD|yle1.fi
        UK: BBC ONE NORTHERN IRELAND HD|
        UK: ITV 5|
        Sky Sports 10|
        TNT Sports 9 UHD|
        ESPN 3|
        HBO Max|
        RTL 9|
        Fox Sports 3|
        NPO 4|
        MotoGP VIP 2|
        PPV EVENT 07|
        UFC Fight Night|
        24/7 The Simpsons|
        ### NEWS ###|
        DE: Sky Sport Bundesliga 9|
        beIN SPORTS 8|
        RMC Sport 14|
        Sky Sports Tennis|
        MTV 80s|
        France 24|
        Al Jazeera English|
        Discovery Science|
        Local Channel 12|
        Cooking with Anna|
        Radio Paradise|
        TV5 Monde|
        After Midnight 1|
        Rally TV|
        Red Bull TV|
        ITV3 +1|
        """
}
